extension Vectors {
    /// A note, of before there was an instance.
    static let ada = """
        assay/person/v1
        instance -
        person ada
        login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJhWTkqz3dRnsRaCXMRaHx8XfBcRe7uRdY3MbzId195yEeoaA5c1ogEPgx8aVHZlWsK4tZ10eYGH4Rcqc9bI4vw==
        vote es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAhfmF/C2RDkoJ4+WmZ5pojpPLBUr321s32bluAKC1O0ZSn3ry5dxLS3aPKhaqHZaVvRfx1hZllLyiXxlMG5XlA==
        time 1763996000

        — ada doBaYzBGAiEAobO8qFWP1ppYcF0KOznr5gy+xW/KuhllpTOa1RXtkR0CIQCfbSaGqHGruhf2j6Z28Wl4ZvfY0FA/AJKo2dC8tVEciw==

        """

    /// A note.
    static let ben = """
        assay/person/v1
        instance 7f3a0000000000000000000000000001
        person ben
        login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEOtOGGpViE5JRa7WT7wVYPtLlhm9ctiYKMBcjf9ibkK/Qlhx+NwdaZ5GjnGH1YpWwK20mVnthXmCqQe4cjoM4jQ==
        vote es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY+/mlR1kCoiFQK+8NV+CMU7LMClbxfZ+TVA==
        time 1763998000

        — ben 8dWUSTBFAiArvy9c9S4KIGr8G0a7DNxhT4tAzWiUkO/OKSkpfz4yZAIhAJWk850oPhhifWYEIYlfX6UInmKebfg2H6loRfykafJk

        """

    /// Not signed.
    static let statement = """
        assay/statement/v1
        instance 7f3a0000000000000000000000000001
        kind certificate
        subject 01930f3e-0000-7000-8000-000000000001
        requester ada
        roster 2 98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg=
        policy two-officers gjQS0erLZ5ViIOUylZ8BBGAwV8iHBIY8o4580Yj9qBI=
        profile device-identity GQDqtsAoSD1xJlme5vUN4NJ5B7XGX6kFJFgLSw+YUrA=
        authority devices j3b9UBu2jvcfTidrwo8pvOEAOwwsnZR43oG1v8DN4ek=
        request wnM4xFMGe0N0ca+855JwTYFhEsYDG7mWtixpjqWZ74A=
        content HvCue75M5smat0T+jCdYIXjWnGYFOO9qSyAc9alE4Xo=
        opened 1764000000
        expires 1764086400

        """

    /// A note by ada.
    static let submission = """
        assay/submit/v1
        instance 7f3a0000000000000000000000000001
        subject 01930f3e-0000-7000-8000-000000000001
        requester ada
        profile device-identity GQDqtsAoSD1xJlme5vUN4NJ5B7XGX6kFJFgLSw+YUrA=
        request wnM4xFMGe0N0ca+855JwTYFhEsYDG7mWtixpjqWZ74A=
        time 1763999990

        — ada doBaYzBGAiEApogq8OQ2FLKlnWWqlarCMwhM30n/39i1WytnzXcirAMCIQDN28m0Z20HvA2OWBb/XwLO7AgK/QmVZRE8y6sOC3sFPw==

        """

    /// A note by ben.
    static let vote1 = """
        assay/vote/v1
        instance 7f3a0000000000000000000000000001
        voter ben
        decision approve
        time 1764000300
        reason 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
        kind certificate
        statement d5yrmNCkz6GiXjG0RZKtrsU3BVQ+NtHNJIUN60Jxnaw=

        — ben 8dWUSTBEAiBm4BnrcwnYOWOBtLQgYGNzFzFpD6h8JnvKVv7hrN3t1QIgZXBXpDf+7v16Gr+B2Db+Nco7aqwCaHmD1bTeRmDYLKs=

        """

    /// A note by ben on three statements.
    static let vote3 = """
        assay/vote/v1
        instance 7f3a0000000000000000000000000001
        voter ben
        decision approve
        time 1764000300
        reason 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
        kind certificate
        statement +j/ZLMhykYEBJpQeGnZCn9FTnHRGJxmdagI3lHfekVw=
        statement 1sMRm6963PXOYMdCKYDDoUhTCfYm5CkrjsJ30gagr3k=
        statement d5yrmNCkz6GiXjG0RZKtrsU3BVQ+NtHNJIUN60Jxnaw=

        — ben 8dWUSTBFAiBetDNvAXtkO3doM9+4CVpyUiConPsARkeEXBfTj+SzJAIhAPUGGYkvrrkiHLU/ISIZg0yvan00h56ycZS9MYhyWDPb

        """

    static let allowance = """
        assay/statement/v1
        instance 7f3a0000000000000000000000000001
        kind allowance
        subject 01930f3e-0000-7000-8000-0000000000a1
        requester ada
        roster 2 98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg=
        policy two-officers gjQS0erLZ5ViIOUylZ8BBGAwV8iHBIY8o4580Yj9qBI=
        profile device-identity GQDqtsAoSD1xJlme5vUN4NJ5B7XGX6kFJFgLSw+YUrA=
        authority devices j3b9UBu2jvcfTidrwo8pvOEAOwwsnZR43oG1v8DN4ek=
        machine line-3 b8l0dNd2TUPPxdQsQJlLnEe569xsYa6hskk3n00CoJE=
        node node-1
        number 100
        from 1764000000
        until 1764604800
        opened 1764000000
        expires 1764086400

        """

    static let draw = """
        assay/statement/v1
        instance 7f3a0000000000000000000000000001
        kind draw
        subject 01930f3e-0000-7000-8000-0000000000b1
        requester line-3
        roster 2 98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg=
        allowance 01930f3e-0000-7000-8000-0000000000a1 Z96YHlaALsvcNi8K0buxkYrveFMFfYg0NrtU6MSOXpM=
        draw 17
        request wnM4xFMGe0N0ca+855JwTYFhEsYDG7mWtixpjqWZ74A=
        content HvCue75M5smat0T+jCdYIXjWnGYFOO9qSyAc9alE4Xo=
        time 1764000060

        """

    /// A whole file, key 000102…1f.
    static let anchor = """
        assay/anchor/v1 7f3a0000000000000000000000000001 assay.example/ledger node-1 JCmqT2wJucUaTeWoZx9Dj9NMg41WcMMsUGsd0toD+rg= rNbY2Faez+Nja2EGcVSFqdoZMIuBPI3uEeSxU1Bzc24=
        roster 1 JCmqT2wJucUaTeWoZx9Dj9NMg41WcMMsUGsd0toD+rg= Ja24eci74YoY+OrkSMOP7YtmWvpp3e1WqdblotSrJIw=
        head 1 0La5UdMTKUMYAC36LDP1KaDVgRPTbcNeCoO7Hg+GOOw= 1763996400 MC23bIDul1Kp9MKAxYNYOfi5/5iaN6owqFVo2D+Q/4U=
        roster 2 98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg= Mi0Tz9kHiNPAKaYe5ZglmwYmU+HLPJ+nuJGeeO0gDzs=
        closed 1sMRm6963PXOYMdCKYDDoUhTCfYm5CkrjsJ30gagr3k= 1764172800 T7BI0fIq1K0bEpqntJu8kYG3Zqj0P8Jg5lo2XF+5xWs=
        stop ubK8enRrB8WWIcgaHxjBQyxt+LPB7ShuoeFSzSNgah0=

        """

    /// With an allowance, key 000102…1f.
    static let allowanceAnchor = """
        assay/anchor/v1 7f3a0000000000000000000000000001 assay.example/ledger node-1 JCmqT2wJucUaTeWoZx9Dj9NMg41WcMMsUGsd0toD+rg= rNbY2Faez+Nja2EGcVSFqdoZMIuBPI3uEeSxU1Bzc24=
        roster 1 JCmqT2wJucUaTeWoZx9Dj9NMg41WcMMsUGsd0toD+rg= Ja24eci74YoY+OrkSMOP7YtmWvpp3e1WqdblotSrJIw=
        head 1 0La5UdMTKUMYAC36LDP1KaDVgRPTbcNeCoO7Hg+GOOw= 1763996400 MC23bIDul1Kp9MKAxYNYOfi5/5iaN6owqFVo2D+Q/4U=
        roster 2 98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg= Mi0Tz9kHiNPAKaYe5ZglmwYmU+HLPJ+nuJGeeO0gDzs=
        closed 1sMRm6963PXOYMdCKYDDoUhTCfYm5CkrjsJ30gagr3k= 1764172800 T7BI0fIq1K0bEpqntJu8kYG3Zqj0P8Jg5lo2XF+5xWs=
        allowance 01930f3e-0000-7000-8000-0000000000a1 Z96YHlaALsvcNi8K0buxkYrveFMFfYg0NrtU6MSOXpM= 100 1764604800 r8ywkOPFIi9/YTrP+HPXHHSFvafDI2Plc7wLC2cnmw0=
        reserve 01930f3e-0000-7000-8000-0000000000a1 1 Y5bMDchRodyKr88j/kQN2SK11u9c8uhRrg+5yokXlvI=

        """

}
