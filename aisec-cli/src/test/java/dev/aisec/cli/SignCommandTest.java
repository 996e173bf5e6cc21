// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Verdict;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.provenance.signing.SignatureReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class SignCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path model;
    private String key;

    @BeforeEach
    void writeModel() throws IOException {
        model = Files.createDirectory(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{}");
        Files.writeString(model.resolve("weights"), "12345678");
        key = folder.resolve("key.pem").toString();
    }

    private int run(String... args) {
        out.reset();
        err.reset();
        return Main.run(
                new Main.Streams(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        false),
                args);
    }

    private void refused(String message, String... args) {
        assertThat(run(args)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(message).hasLineCount(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    /** As {@code aisec verify} uses the options. */
    @Command
    static final class Options {
        @CommandLine.Mixin
        final SignatureOptions signature = new SignatureOptions();
    }

    private static SignatureReport verify(Path model, String... args) throws IOException {
        Options options = new Options();
        new CommandLine(options).parseArgs(args);
        assertThat(options.signature.given()).isTrue();
        return options.signature.verify(model);
    }

    @Test
    void sign_withNewKey_isVerifiedByThePublicKey() throws IOException {
        assertThat(run("sign", model.toString(), "--key", key, "--generate-key", "ecdsa_p384"))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("key ECDSA P-384 ", "signed " + model + ": 2 files, 10 bytes, sha256:", "signature in ");
        String signature = model.resolve("model.sig").toString();
        assertThat(verify(model, "--signature", signature, "--key", key + ".pub")
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.ACCEPT);
        Files.writeString(model.resolve("weights"), "12345679");
        assertThat(verify(model, "--signature", signature, "--key", key + ".pub")
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.REJECT);
        assertThat(run("sign", model.toString(), "--key", key)).isZero();
        assertThat(verify(model, "--signature", signature, "--key", key + ".pub")
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void sign_withPasswordShardsAndIgnoredPath_printsJson() throws IOException {
        Path password = Files.writeString(folder.resolve("password"), "tr0ub4dor\nsecond line");
        assertThat(run("sign", "--key", key, "--generate-key", "ED25519", "--password-file", password.toString()))
                .isZero();
        assertThat(Files.readString(Path.of(key))).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        Files.writeString(model.resolve("log"), "x");
        Path sig = folder.resolve("out.sig");
        assertThat(run(
                        "sign",
                        model.toString(),
                        "--key",
                        key,
                        "--password-file",
                        password.toString(),
                        "--shards",
                        "5",
                        "--ignore",
                        "log",
                        "--out",
                        sig.toString(),
                        "--json"))
                .as(err.toString(StandardCharsets.UTF_8))
                .isZero();
        JsonObject json = (JsonObject) JsonParser.parse(out.toByteArray(), JsonLimits.standard());
        assertThat(json.members())
                .containsEntry("algorithm", JsonValue.of("Ed25519"))
                .containsEntry("files", JsonValue.of(2))
                .containsKeys("path", "signature", "signer", "digest", "bytes", "findings");
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("signature.unsigned-space");
        SignatureReport report = verify(model, "--signature", sig.toString(), "--key", key + ".pub");
        assertThat(report.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        assertThat(verify(model, "--signature", sig.toString(), "--key", key + ".pub", "--ignorable", "other")
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.REJECT);
        refused("its password must be given", "sign", model.toString(), "--key", key);
    }

    @Test
    void sign_singleFile_putsTheSignatureBesideIt() throws IOException {
        Path file = model.resolve("weights");
        assertThat(run("sign", file.toString(), "--key", key, "--generate-key", "ml_dsa_65"))
                .isZero();
        assertThat(verify(file, "--signature", file + ".sig", "--key", key + ".pub")
                        .verification()
                        .verdict())
                .isEqualTo(Verdict.ACCEPT);
    }

    @Test
    void sign_badInput_isRefusedInOneLine() throws IOException {
        refused("MODEL must be given", "sign", "--key", key);
        refused("key.pem", "sign", model.toString(), "--key", key);
        assertThat(run("sign", "--key", key, "--generate-key", "ED25519")).isZero();
        refused("a key is never overwritten", "sign", "--key", key, "--generate-key", "ED25519");
        refused("must be a number of bytes", "sign", model.toString(), "--key", key, "--shards", "0");
        refused("must be a number of bytes", "sign", model.toString(), "--key", key, "--shards", "1T");
        refused("must have no part . or ..", "sign", model.toString(), "--key", key, "--ignore", "../x");
        refused(
                "is not overwritten",
                "sign",
                model.toString(),
                "--key",
                key,
                "--out",
                model.resolve("weights").toString());
        Files.createSymbolicLink(model.resolve("link"), Path.of("weights"));
        refused("symbolic links are not followed", "sign", model.toString(), "--key", key);
        assertThat(run("sign", model.toString(), "--key", key, "--follow-links"))
                .isZero();
        refused("Unknown option", "sign", model.toString(), "--key", key, "--nope");
        refused(
                "must hold one PEM block",
                "sign",
                model.toString(),
                "--key",
                model.resolve("weights").toString());
    }

    @Test
    void options_thatDoNotFitTogether_areRefused() {
        for (String[] args : new String[][] {
            {"--key", "k"},
            {"--cert", "c"},
            {"--signature", "s"},
            {"--signature", "s", "--key", "k", "--cert", "c"},
            {"--signature", "s", "--key", "k", "--at", "2026-01-01T00:00:00Z"},
        }) {
            Options options = new Options();
            new CommandLine(options).parseArgs(args);
            assertThatThrownBy(options.signature::given).isInstanceOf(IllegalArgumentException.class);
        }
        Options none = new Options();
        new CommandLine(none).parseArgs();
        assertThat(none.signature.given()).isFalse();
    }

    @Test
    void options_withRoots_verifyTheSharedBundle() throws IOException {
        Path oms = Path.of(System.getProperty("aisec.data", "../../shared/data"), "models", "oms");
        if (!Files.isDirectory(oms)) {
            System.out.println("not checked: " + oms + " is not there");
            return;
        }
        Path signed = oms.resolve("v1.1.0-certificate");
        String[] args = {
            "--signature",
            signed.resolve("model.sig").toString(),
            "--cert",
            oms.resolve("keys/ca-cert.pem").toString(),
            "--at",
            "2026-01-01T00:00:00Z",
            "--signer",
            "CN=intermediate-ca"
        };
        assertThat(verify(signed, args).verification().verdict()).isEqualTo(Verdict.ACCEPT);
        args[7] = "CN=other";
        assertThat(verify(signed, args).verification().verdict()).isEqualTo(Verdict.REJECT);
        args[7] = "other";
        assertThatThrownBy(() -> verify(signed, args)).hasMessageContaining("--signer must be a distinguished name");
        args[7] = "CN=other";
        args[5] = "yesterday";
        assertThatThrownBy(() -> verify(signed, args)).hasMessageContaining("--at must be an instant");
    }
}
