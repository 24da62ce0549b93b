import Basics
import NIOSSL

/// Certificates that a peer may not show, made by openssl 3.0:
///
///     openssl ecparam -name secp384r1 -genkey -noout -out p384.key
///     openssl req -new -x509 -key p384.key -subj /CN=p384 -days 3650
///     openssl ecparam -name prime256v1 -genkey -noout -out p256.key
///     openssl req -new -key p256.key -subj /CN=v1 | openssl x509 -req -signkey p256.key -days 3650
///     openssl req -new -x509 -newkey ec:<(openssl ecparam -name prime256v1) -nodes -keyout ca.key -subj /CN=ca -out ca.pem
///     openssl req -new -key p256.key -subj /CN=leaf | openssl x509 -req -CA ca.pem -CAkey ca.key -extfile basicConstraints
///     openssl req -new -key p256.key -subj /CN=ca | openssl x509 -req -CA ca.pem -CAkey ca.key -extfile basicConstraints
enum Certificates {
    /// Self-signed over a P-384 key.
    static let p384 =
        Bytes(
            base64: """
                MIIBsDCCATagAwIBAgIUJ2LeAMztDR29Xc4yRotAYRmSca0wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcDM4NDAeFw0yNjExMjUwNzI5NDNaFw0zNjExMjIwNzI5\
                NDNaMA8xDTALBgNVBAMMBHAzODQwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAATfiHU5dwdWsXGCfDXn7bVD+9cIH/JWQ+1mbIOzuXsHyJQEzvsl2b7z3uJ9LPz3HzM3\
                tKSMQIKkC2iLqz8qgQZW2OR8WmjjGIss16DHfDftSvzDSPgYNmdUJmxJSCngdKajUzBRMB0GA1UdDgQWBBSf46LEozXdCbClXPZ/4bH+ZTtGajAfBgNVHSMEGDAW\
                gBSf46LEozXdCbClXPZ/4bH+ZTtGajAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA2gAMGUCMAzySVY0d5o/+gFSFTbvc+4RFsZTZ1qXqA0ZGqYQNjRbftO4\
                yRGKDkiPwt5occkhhAIxAKDit4qBXvJPdoqr1jdQ9gyXxmVWlWS3td6wuiw/YMTlEEfVkOyaIB/XUsgPjk+LWg==
                """) ?? []
    static let p384Key =
        Bytes(
            base64: """
                MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDIue3O8c0hKHaGIun7xKatBXkxpcRlI5uRQBrXqTt48xi/rJKYNO9oe0Z1rritJEihZANiAATfiHU5\
                dwdWsXGCfDXn7bVD+9cIH/JWQ+1mbIOzuXsHyJQEzvsl2b7z3uJ9LPz3HzM3tKSMQIKkC2iLqz8qgQZW2OR8WmjjGIss16DHfDftSvzDSPgYNmdUJmxJSCngdKY=
                """) ?? []
    /// X.509 version 1, self-signed over ``p256Key``.
    static let version1 =
        Bytes(
            base64: """
                MIIBFDCBuwIUfkLOLpzdcFwNHLBBOX9+4R1FIecwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCdjEwHhcNMjYxMTI1MDcyOTQzWhcNMzYxMTIyMDcyOTQzWjANMQsw\
                CQYDVQQDDAJ2MTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNTD/ZZ7+UX1h0/fH3NdSheIrEZCqgd6zcK/HVBVAaSYHmj387nADbE6mdHWLSaKkWRsth08JzNM\
                eTxKe9IGRR0wCgYIKoZIzj0EAwIDSAAwRQIhAIPYxlPXtdEb/VXhqkNDfq9Y18x5s+dHPy3oh8MAhFsEAiAG3d8YjXP2rm+OxOk/P0TzgjJ7wti9TLBDdwqRUUa9\
                fg==
                """) ?? []
    /// Over ``p256Key``, issued by another name.
    static let issued =
        Bytes(
            base64: """
                MIIBazCCARGgAwIBAgIULgBBk9lYrZc4Du4oo/CkN5OiEcMwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EwHhcNMjYxMTI1MDcyOTQzWhcNMzYxMTIyMDcyOTQz\
                WjAPMQ0wCwYDVQQDDARsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1MP9lnv5RfWHT98fc11KF4isRkKqB3rNwr8dUFUBpJgeaPfzucANsTqZ0dYtJoqR\
                ZGy2HTwnM0x5PEp70gZFHaNNMEswCQYDVR0TBAIwADAdBgNVHQ4EFgQUXYI0Jx5JeLQwUxOBs4iiT6vnXx8wHwYDVR0jBBgwFoAUrc/NEVXnEq4q/1JO/SlQlmpn\
                aI4wCgYIKoZIzj0EAwIDSAAwRQIhAOuTdYC/EEhTeUey6OU/wfSwYDrQl2RNxFZD8ixK63KXAiAldek70TQlfftLe/w6CTFceTVkawAy72KLYREa4h1jJw==
                """) ?? []
    /// Over ``p256Key``, subject and issuer alike, signed by another key.
    static let signedByAnother =
        Bytes(
            base64: """
                MIIBaTCCAQ+gAwIBAgIULgBBk9lYrZc4Du4oo/CkN5OiEcQwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EwHhcNMjYxMTI1MDcyOTQzWhcNMzYxMTIyMDcyOTQz\
                WjANMQswCQYDVQQDDAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNTD/ZZ7+UX1h0/fH3NdSheIrEZCqgd6zcK/HVBVAaSYHmj387nADbE6mdHWLSaKkWRs\
                th08JzNMeTxKe9IGRR2jTTBLMAkGA1UdEwQCMAAwHQYDVR0OBBYEFF2CNCceSXi0MFMTgbOIok+r518fMB8GA1UdIwQYMBaAFK3PzRFV5xKuKv9STv0pUJZqZ2iO\
                MAoGCCqGSM49BAMCA0gAMEUCICpIjGjAyFbGJMngwtO2L0OKdiuyOJagoxoDWFaGbZ5fAiEApcEjxuhfNl2gfTGJb16eqdqgBnPkK/oWJoPBvT6/xhM=
                """) ?? []
    static let p256Key =
        Bytes(
            base64: """
                MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcL6us8OJD8VdDtoGsk8OoLBs94cdiyDPT7Xeje59C4ihRANCAATUw/2We/lF9YdP3x9zXUoXiKxG\
                QqoHes3Cvx1QVQGkmB5o9/O5wA2xOpnR1i0mipFkbLYdPCczTHk8SnvSBkUd
                """) ?? []
}
