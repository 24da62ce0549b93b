import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Security;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectAltPublicKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.ContentVerifierProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;

/** Makes and checks certificates and requests with two signatures, by Bouncy Castle alone. */
public class Hybrid {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        switch (arguments[0]) {
            case "check" -> {
                X509CertificateHolder issuer = certificate(arguments[1]);
                for (int at = 2; at < arguments.length; at++) System.out.println(check(issuer, certificate(arguments[at])));
            }
            case "check-request" -> {
                for (int at = 1; at < arguments.length; at++) System.out.println(checkRequest(arguments[at]));
            }
            case "make" -> {
                make(Path.of(arguments[1]), "p256-65", "secp256r1", "SHA256withECDSA", "ML-DSA-65", false);
                make(Path.of(arguments[1]), "p384-87", "secp384r1", "SHA384withECDSA", "ML-DSA-87", false);
                make(Path.of(arguments[1]), "critical", "secp256r1", "SHA256withECDSA", "ML-DSA-65", true);
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static X509CertificateHolder certificate(String path) throws Exception {
        byte[] octets = Files.readAllBytes(Path.of(path));
        if (octets[0] != 0x30) {
            String text = new String(octets).replaceAll("-----[A-Z ]+-----", "");
            octets = Base64.getMimeDecoder().decode(text);
        }
        return new X509CertificateHolder(octets);
    }

    private static ContentVerifierProvider verifier(SubjectPublicKeyInfo key) throws Exception {
        PublicKey opened = BouncyCastleProvider.getPublicKey(key);
        return new JcaContentVerifierProviderBuilder().setProvider("BC").build(opened);
    }

    /** What each of the two signatures is: true, false, or why it could not be checked. */
    private static String check(X509CertificateHolder issuer, X509CertificateHolder certificate) throws Exception {
        String classical, alternative;
        try {
            classical = "" + certificate.isSignatureValid(verifier(issuer.getSubjectPublicKeyInfo()));
        } catch (Exception error) {
            classical = error.getClass().getSimpleName();
        }
        try {
            SubjectAltPublicKeyInfo key = SubjectAltPublicKeyInfo.fromExtensions(issuer.getExtensions());
            SubjectPublicKeyInfo info = new SubjectPublicKeyInfo(key.getAlgorithm(), key.getSubjectAltPublicKey().getBytes());
            alternative = "" + certificate.isAlternativeSignatureValid(verifier(info));
        } catch (Exception error) {
            alternative = error.getClass().getSimpleName();
        }
        return "classical " + classical + " alternative " + alternative;
    }

    private static String checkRequest(String path) throws Exception {
        PKCS10CertificationRequest request = new PKCS10CertificationRequest(Files.readAllBytes(Path.of(path)));
        String classical = "" + request.isSignatureValid(verifier(request.getSubjectPublicKeyInfo()));
        String alternative;
        try {
            var values = request.getAttributes(Extension.subjectAltPublicKeyInfo)[0].getAttributeValues();
            alternative = "" + request.isAltSignatureValid(verifier(SubjectPublicKeyInfo.getInstance(values[0])));
        } catch (Exception error) {
            alternative = error.getClass().getSimpleName();
        }
        return "classical " + classical + " alternative " + alternative;
    }

    private static KeyPair classicalKey(String curve) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
        generator.initialize(new ECGenParameterSpec(curve));
        return generator.generateKeyPair();
    }

    private static KeyPair alternativeKey(String name) throws Exception {
        return KeyPairGenerator.getInstance(name, "BC").generateKeyPair();
    }

    private static void make(Path folder, String prefix, String curve, String classical, String alternative, boolean isCritical) throws Exception {
        KeyPair rootKey = classicalKey(curve), rootAlternative = alternativeKey(alternative);
        KeyPair deviceKey = classicalKey(curve), deviceAlternative = alternativeKey(alternative);
        ContentSigner signer = new JcaContentSignerBuilder(classical).setProvider("BC").build(rootKey.getPrivate());
        ContentSigner second = new JcaContentSignerBuilder(alternative).setProvider("BC").build(rootAlternative.getPrivate());
        X500Name root = new X500Name("CN=Root of " + prefix), device = new X500Name("CN=Device of " + prefix);
        write(folder, prefix + ".root.der", certificate(root, root, rootKey, rootAlternative, rootKey, true, isCritical).build(signer, isCritical, second).getEncoded());
        write(folder, prefix + ".device.der", certificate(root, device, deviceKey, deviceAlternative, rootKey, false, isCritical).build(signer, isCritical, second).getEncoded());
        write(folder, prefix + ".plain.der", certificate(root, device, deviceKey, null, rootKey, false, false).build(signer).getEncoded());
        ContentSigner own = new JcaContentSignerBuilder(classical).setProvider("BC").build(deviceKey.getPrivate());
        ContentSigner ownSecond = new JcaContentSignerBuilder(alternative).setProvider("BC").build(deviceAlternative.getPrivate());
        var request = new PKCS10CertificationRequestBuilder(device, SubjectPublicKeyInfo.getInstance(deviceKey.getPublic().getEncoded()));
        write(folder, prefix + ".csr.der", request.build(own, SubjectPublicKeyInfo.getInstance(deviceAlternative.getPublic().getEncoded()), ownSecond).getEncoded());
    }

    private static X509v3CertificateBuilder certificate(
            X500Name issuer, X500Name subject, KeyPair key, KeyPair alternative, KeyPair issuerKey, boolean isAuthority, boolean isCritical)
            throws Exception {
        Date from = new Date(1_700_000_000_000L), until = new Date(2_000_000_000_000L);
        var builder = new X509v3CertificateBuilder(
            issuer, BigInteger.valueOf(System.nanoTime()), from, until, subject, SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()));
        var tools = new JcaX509ExtensionUtils();
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(isAuthority ? KeyUsage.keyCertSign | KeyUsage.cRLSign : KeyUsage.digitalSignature));
        builder.addExtension(Extension.subjectKeyIdentifier, false, tools.createSubjectKeyIdentifier(key.getPublic()));
        builder.addExtension(Extension.authorityKeyIdentifier, false, tools.createAuthorityKeyIdentifier(issuerKey.getPublic()));
        if (alternative != null) {
            builder.addExtension(Extension.subjectAltPublicKeyInfo, isCritical, SubjectAltPublicKeyInfo.getInstance(alternative.getPublic().getEncoded()));
        }
        return builder;
    }

    private static void write(Path folder, String name, byte[] octets) throws Exception {
        try (OutputStream file = Files.newOutputStream(folder.resolve(name))) { file.write(octets); }
    }
}
