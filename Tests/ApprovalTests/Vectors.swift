/// Vectors of docs/formats.md, section 12, and what a later version would write; made with Python's `cryptography`, RFC 6979 nonces.
enum Vectors {
    /// A note.
    static let rosterOne = """
        assay/roster/v1
        instance 7f3a0000000000000000000000000001
        version 1
        previous AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
        quorum 1
        log assay.example/ledger+d2b49cbb+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4
        time 1763996400
        expires 1764082800
        key ada login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJhWTkqz3dRnsRaCXMRaHx8XfBcRe7uRdY3MbzId195yEeoaA5c1ogEPgx8aVHZlWsK4tZ10eYGH4Rcqc9bI4vw==
        key ada vote es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAhfmF/C2RDkoJ4+WmZ5pojpPLBUr321s32bluAKC1O0ZSn3ry5dxLS3aPKhaqHZaVvRfx1hZllLyiXxlMG5XlA==
        role ada administrator *

        — ada doBaYzBFAiBkPWjdGXODWWiEVDxUzOVa6GsMAALdtNLHdwKaY99kBwIhAKShsX5MrREjtmLH7H+OLabKwp6dr8K8YwlObTXwqUQT

        """

    /// A note. Its documents are the ASCII words `policy`, `authority`, `profile`.
    static let rosterTwo = """
        assay/roster/v1
        instance 7f3a0000000000000000000000000001
        version 2
        previous JCmqT2wJucUaTeWoZx9Dj9NMg41WcMMsUGsd0toD+rg=
        quorum 2
        log assay.example/ledger+d2b49cbb+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4
        time 1763998200
        expires 1764084600
        document approval two-officers gjQS0erLZ5ViIOUylZ8BBGAwV8iHBIY8o4580Yj9qBI=
        document authority devices j3b9UBu2jvcfTidrwo8pvOEAOwwsnZR43oG1v8DN4ek=
        document profile device-identity GQDqtsAoSD1xJlme5vUN4NJ5B7XGX6kFJFgLSw+YUrA=
        key ada login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJhWTkqz3dRnsRaCXMRaHx8XfBcRe7uRdY3MbzId195yEeoaA5c1ogEPgx8aVHZlWsK4tZ10eYGH4Rcqc9bI4vw==
        key ada vote es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAhfmF/C2RDkoJ4+WmZ5pojpPLBUr321s32bluAKC1O0ZSn3ry5dxLS3aPKhaqHZaVvRfx1hZllLyiXxlMG5XlA==
        key ben login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOtOGGpViE5JRa7WT7wVYPtLlhm9ctiYKMBcjf9ibkK/Qlhx+NwdaZ5GjnGH1YpWwK20mVnthXmCqQe4cjoM4jQ==
        key ben vote es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY+/mlR1kCoiFQK+8NV+CMU7LMClbxfZ+TVA==
        key cyd login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1lqTl3yqPRsIGFL/V6eeRl8WYFdzBLrq1QXdOkhYnPNQGF6JU3LfYiHqOhN1V+Rz/dtnVfBb1QfDxTP86ckShQ==
        key cyd vote es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAERi26GuT8GpaLTazyDN1tvh+uNKqXFRSmPTQFw9HP04O1i7sIwTODQoxYU8ccTIUeE0sFaCHkaP4Kl3q/QxPd4Q==
        key dee login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPvfjK6wbUafcy6w0Ix4vBHVw7qaq+LKS58fjTS09F/XCIF51y75FDQQdeVnmFUutKZIShAwcRtt8jE7dabvv+Q==
        key dee vote es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdDGxjwVayHOx63102HFq0ePfBpCLAMwvkBFT+OtkKBhIZ8D9qzOcbEkKOa5wTSm1tMLxJENQopBZYiz0m0IRVQ==
        role ada administrator *
        role ben registration-officer *
        role cyd registration-officer *
        role dee administrator *

        — ada doBaYzBFAiEApOserkoUJanbYLYnYPmcSd53/Q0B6UELsALL4W3Y3BsCIC8kSv7toxm+YyMFwXasvHMtLXDJLrXAKqRuHSmjvgPq
        — dee lGTEPDBGAiEAoe5z6zGh/hTstnOmdlY51HRKYIemDf/X2iCAWX6Evo8CIQCuMPEoPNxPOq0o21YfnldAXBMYaHwBzGbHq+DCn5c4Vg==

        """

}
