import Basics
import Client
import PKIX
import Testing
import Wire

@Suite("Stations over the API of a real house")
struct StationEdgeTests {
    @Test("A machine draws in JSON and with a raw CSR; the same call has the same answer; nothing else is its")
    func draws() async throws {
        try await EdgeHouse.run { edge in
            let station = try TestStation()
            _ = try await edge.bench.test.opened(edge.house, station, number: 2)
            let client = try edge.client(station.key)
            let profile = try #require(Handle("device-identity"))
            let fields = ["model": "PLC-7", "serial": "SN-77"]
            let csr = try TestRequest.make(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
            let first = try await Station(transport: client).draw(profile: profile, csr: csr, fields: fields)
            let again = try await Station(transport: client).draw(profile: profile, csr: csr, fields: fields)
            #expect(first.certificate == again.certificate)
            #expect(first.chain.count == 2)

            let other = try TestRequest.make(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
            let query = [
                "call": ["01930f3e-0000-7000-8000-000000000001"], "field": ["model=PLC-7", "serial=SN-78"], "profile": ["device-identity"],
            ]
            let before = edge.house.keys.signatures(.certificate)
            for _ in 0..<2 {
                let answer = try await client.send(Routes.drawCertificate, query: query, body: .raw(.pkcs10, other))
                #expect((answer.status, answer.media) == (200, .certificate))
                let certificate = try Certificate(der: answer.body)
                #expect(certificate.tbs.publicKey == (try CertificateRequest(der: other)).publicKey)
                #expect(certificate.tbs.subject.description.contains("SN-78"))
            }
            #expect(edge.house.keys.signatures(.certificate) == before + 1)

            await expect("allowance.exhausted") {
                try await Station(transport: client).draw(
                    profile: profile, csr: other, fields: ["model": "PLC-7", "serial": "SN-78"])
            }
            await expect("request.parameter-invalid") { try await client.send(Routes.drawCertificate, body: .raw(.pkcs10, other)) }
            await expect("access.key-unknown") { try await client.send(Routes.node) }
            await client.close()
            let person = try edge.client(edge.bench.test.officers[0].login)
            await expect("access.machine-unknown") { try await Station(transport: person).draw(profile: profile, csr: csr, fields: fields) }
            await person.close()
        }
    }
}
