// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Finding;
import dev.aisec.core.Verdict;
import dev.aisec.provenance.modelfile.ModelBom;
import dev.aisec.provenance.modelfile.ModelReport;
import dev.aisec.provenance.modelfile.ModelVerifier;
import dev.aisec.provenance.modelfile.ParameterRange;
import dev.aisec.provenance.modelfile.PolicyJson;
import dev.aisec.provenance.modelfile.StructureRules;
import dev.aisec.provenance.modelfile.Use;
import dev.aisec.provenance.modelfile.VerificationPolicy;
import dev.aisec.provenance.modelfile.VerifiedModel;
import dev.aisec.provenance.signing.ModelSignatures;
import dev.aisec.provenance.signing.ModelSigner;
import dev.aisec.provenance.signing.SignatureAlgorithm;
import dev.aisec.provenance.signing.SignatureReport;
import dev.aisec.provenance.signing.SignedModel;
import dev.aisec.provenance.signing.SigningKey;
import dev.aisec.provenance.signing.TrustedKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snippets of docs/guide/model-files.md, and the check that they are. */
class ModelFilesGuideTest {
    @TempDir
    Path folder;

    @TempDir
    Path elsewhere;

    private static byte[] safetensors() {
        byte[] header =
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}".getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + header.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(header.length).put(header);
        return file.putFloat(1).putFloat(-2).putFloat(0.5f).putFloat(3).array();
    }

    @Test
    void guide_verification_runs() throws IOException {
        Path path = Files.write(folder.resolve("model.safetensors"), safetensors());
        Path policyFile = elsewhere.resolve("policy.json");

        ModelVerifier verifier = ModelVerifier.standard();
        ModelReport report = verifier.verify(path);
        VerifiedModel model = report.orElseThrow();
        assertThat(model.length()).isEqualTo(Files.size(path));

        try (InputStream bytes = model.open()) {
            byte[] content = bytes.readAllBytes();
            assertThat(content).isEqualTo(safetensors());
        }

        for (Finding finding : report.verification().findings()) {
            System.out.println(finding.severity() + " " + finding.code() + " " + finding.message());
        }

        VerificationPolicy policy = VerificationPolicy.strict()
                .allow(Use.LAYER, "my.package.Attention")
                .withRanges(List.of(ParameterRange.between("*", -10, 10)))
                .withStructure(StructureRules.any().withBounds(4, 65_536, 100_000_000));
        ModelReport bounded = ModelVerifier.of(policy).verify(path);
        assertThat(bounded.verification().verdict()).isEqualTo(Verdict.ACCEPT);

        VerificationPolicy learned = VerificationPolicy.learnFrom(List.of(report));
        Files.write(policyFile, PolicyJson.write(learned));
        VerificationPolicy same = PolicyJson.read(Files.readAllBytes(policyFile));
        assertThat(same).isEqualTo(learned);
        assertThat(ModelVerifier.of(same).verify(path).verification().verdict()).isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void guide_signatures_run() throws IOException {
        Files.write(folder.resolve("model.safetensors"), safetensors());
        Path publicKey = elsewhere.resolve("signing.pem.pub");
        Path signatureFile = folder.resolve("model.sig");
        Path bomFile = elsewhere.resolve("model.cdx.json");

        SigningKey key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384);
        Files.writeString(publicKey, key.verificationKey().pem());
        ModelSigner.withKey(key).sign(folder, signatureFile);

        TrustedKeys trust = TrustedKeys.read(publicKey);
        SignatureReport signatureReport = ModelSignatures.verify(folder, signatureFile, trust);
        SignedModel signed = signatureReport.orElseThrow();

        Set<String> digests =
                signed.digests().values().stream().map(hex -> "sha256:" + hex).collect(Collectors.toSet());
        ModelVerifier both =
                ModelVerifier.of(VerificationPolicy.strict().withSigned(true)).withSigned(digests);
        VerifiedModel signedModel =
                both.verify(folder.resolve("model.safetensors")).orElseThrow();
        assertThat(digests).containsExactly(signedModel.digest());

        Files.write(bomFile, ModelBom.of(signedModel, "digits", "1.0"));
        assertThat(Files.readString(bomFile)).contains("machine-learning-model");
    }

    @Test
    void guide_snippets_areThoseThatRun() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("docs/guide/model-files.md"))) {
            root = root.getParent();
        }
        String here = squeeze(Files.readString(
                root.resolve("aisec-provenance/src/test/java/dev/aisec/provenance/ModelFilesGuideTest.java")));
        String[] parts =
                Files.readString(root.resolve("docs/guide/model-files.md")).split("```");
        int snippets = 0;
        for (int i = 1; i < parts.length; i += 2) {
            assertThat(parts[i]).matches("(?s)(java|sh)\n.*");
            if (parts[i].startsWith("java")) {
                for (String statement : parts[i].substring(5).split(";\n")) {
                    assertThat(here).contains(squeeze(statement));
                }
                snippets++;
            }
        }
        assertThat(snippets).isEqualTo(9);
    }

    private static String squeeze(String text) {
        return text.replaceAll("\\s+", "");
    }
}
