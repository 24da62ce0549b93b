import java.io.FileInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** Verify ISSUER CERTIFICATE…: says "good FILE" or "bad FILE", by the issuer's key and the JDK's own providers. */
class Verify {
    static X509Certificate read(String file) throws Exception {
        try (var stream = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
        }
    }

    public static void main(String[] files) throws Exception {
        var issuer = read(files[0]);
        issuer.verify(issuer.getPublicKey());
        for (int place = 1; place < files.length; place++) {
            var verdict = "good ";
            try {
                var certificate = read(files[place]);
                certificate.verify(issuer.getPublicKey());
                if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) verdict = "bad ";
            } catch (Exception failure) {
                verdict = "bad ";
            }
            System.out.println(verdict + files[place]);
        }
    }
}
