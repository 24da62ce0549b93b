import Basics

/// Requests by RSA keys of 2048 bits, made once with Python's `cryptography` from chosen primes: the moduli of `first` and `second` have one
/// prime in common, `alone` shares none.
enum SharedPrimeRequests {
    static let first =
        Bytes(
            base64: """
                MIICVjCCAT4CAQAwETEPMA0GA1UEAwwGZGV2aWNlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt60FrHVGNNL7t6VzDU2/ETJxYDqgGz5ys8ZB\
                pBXrfKaNoyQV+gbZRbsOEYld+O7FqgSByVND/KE9fLMBhOqVRVeYOufQmiu+bEniV4Tw28GEY39ZmpK2s1jxCIs2/h6OC/zAcbh6tZ6WUrDrgLeuUPqiWRLG\
                tPaz8W1q6kmRBh5G0qmtIUnIt1/1/H8rkCCpUTL4n34/NP/bvA8IuOL5BZKe6HfFnjvGySsu36v6VxMS4h2YwomYaDKM9Mw0XZISIPHgzxkYLRAtteStcLA2\
                us8mZovRF/JupyXa4QVI7RNQyBejCuIEJqDi6kgfMVzmaizGlh518/hiyntLwWgoPQIDAQABoAAwDQYJKoZIhvcNAQELBQADggEBAJFmUBx7t7EprZHm6/TY\
                gyYTDrH5zyS+vQqCNsQSNMGARX3iN4PGg4XEvZYOcOVZ2njloNYnBxqWrkep72UTq/5ymL3LE+1ozl9aoJcJf5H553V8tpWrK6ut68ToCJBVYpdJ6TKhU34W\
                0fkuWVg+bpmqVkTozm7oslaVn95LAgHjyXI+eEqAus2XtmW9WUcfZcXrlZ3TBlV7nE5AS0Y50TlXWmpj/rQny0ZZr1ypnQfiKdV2fqKM6UkdQrhTOOJRUybl\
                1NSLM1p8PjrklKBUUZ/4QNwFd7GJi+g+dFUppuCnXnrbbkS42Ddz2gM25L1WV5iX226j0jXrm5bELQKfAEA=
                """) ?? []
    static let second =
        Bytes(
            base64: """
                MIICVjCCAT4CAQAwETEPMA0GA1UEAwwGZGV2aWNlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuJD6hIg8LTjRtDWMwZIOq9VxaKFPVYACyuBw\
                XpLyjSZ6FOqtvP4V7V09EL/TCVlbwblxdy3Fgmiwioc4SF37B8pCHSEaTFsIC/LGFky4s3zBY2E7G5OjMEXqLZbOD2Uhb2s9+j1X80H8QqtAGsSgekRdEoJq\
                noFtnI91EK4/LGj2UIpK1U1AzggPP3HBOBSDh9M6o77EK71dpriY/WBgFfJejzblk2x54Qdfc32WujlHeTq4iAjE7TsCpzVbuSexFpccPBaAjERHWx/jIP4q\
                6HTaW825crx6jBfzQcGOI30ZTxKN0PcKDg/EkeViEj/8CkkEZDUIXiK/VAnu0KmdNQIDAQABoAAwDQYJKoZIhvcNAQELBQADggEBAEuvIPW+rWeLn3rT1AZw\
                Q1fXCXQVe7fFxZsPlDMJCCoboxsf9toLsRO6gQ61PGp6inFrj0yHOodHR9IYKc9naNzf9KkmIOqLL+MPn0Z5nqKN6x3/en8U8FGxq1cgo6jEwj9VXvAGA4fq\
                qT5NtgV9IK9Eh5trk287lv4BuD5LUhZJ6LrzhvybAbhbBzrwk4s7OdSq/tcb241OqvI4J+20WqCeCaVL+OgqPGhHLGYd1uLBI7PB5O5lCfqxYDjOBXkHaRfU\
                NibznOeYr8cuOsBRW9rdA0AeC8J1s5ccE4VABRLRgWWKZECXhbx9Of9HckqgbxEuHX76ixMVLTbAqSn8KF8=
                """) ?? []
    static let alone =
        Bytes(
            base64: """
                MIICVjCCAT4CAQAwETEPMA0GA1UEAwwGZGV2aWNlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA5vGognk9bopGmKumSIxCp5YvRN9tLq317ti9\
                riwGTv2nmCU4TgXxlXh7UTkudp4QttOQf5ykvm0isvtHc067QTXUHZ4E365u7XUG7qQqGDuqUt2LImBKzh99YMUhkV7m1rgMi6titXdni3JUgtswnD8ilMIo\
                UVZBffAK2WYM4eHNLEnX6W/4uLsnxdx0qf6NQ1ufE0lWxumGKGri1ABq2yOfJWpxpc5ePrvtRg75L9fNUyJU9OqMGS4jRRipTr+aUcLI5D6eaVM5Vlwz2SXA\
                N4uQIPmgiwhILy0j0T3s6gSTzzZ+9crO4VxD5nHHUlZwi8t8v+kntdKBiJKU/iJXEQIDAQABoAAwDQYJKoZIhvcNAQELBQADggEBADB6khiuZRQeVk/jXfeg\
                8S5pdlB24xvf4d/S5P0FcEGoq7hLGQQjq3kDVygjggq7+Scq8+a9A4YNIUcchWHWFepPKExdXNMWyMoY3kLyol1DKon5hQVwcgtqFReXMC5ljSh+Vq7tjsz/\
                uJMrFnrF6TBjCeT4VpihcXIsYtKo1ddGy1J9xLewBs8ehN/6A2Y2yj3d29tHD0vFlv+k+FxSTr/WesDQkkdChZuyJHHSiPBpf9B/ghoSB37CuXwo7FOP0caD\
                4JDy+rVpMCsvuquPek5C3NNv1mEYm9vs+QzD+ILv4onVbPTZBkZdLVe0ISvhuOMvRSQj5e24+zOXZ/bga48=
                """) ?? []
}
