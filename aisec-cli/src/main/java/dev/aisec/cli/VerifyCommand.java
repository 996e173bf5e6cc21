// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.Finding;
import dev.aisec.core.Verdict;
import dev.aisec.core.json.CanonicalJson;
import dev.aisec.provenance.modelfile.ModelReport;
import dev.aisec.provenance.modelfile.ModelVerifier;
import dev.aisec.provenance.modelfile.PolicyJson;
import dev.aisec.provenance.modelfile.ReportJson;
import dev.aisec.provenance.modelfile.SarifReport;
import dev.aisec.provenance.modelfile.VerificationPolicy;
import dev.aisec.provenance.signing.SignatureReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code aisec verify}: may these model files be loaded? */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Verifies model files before anything loads them: format, names of classes and operators, parameters,"
                    + " policy, signature. Nothing of a file is executed.",
            "A directory is walked; links in it are not followed. What cannot be inspected is never accepted."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            " 0:every file is accepted",
            " 1:a file or the signature is rejected",
            " 2:a file cannot be inspected or read, or bad input",
            " 3:a fault of aisec",
            "130:interrupted"
        })
final class VerifyCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "FILE|DIR", description = "model files, or folders of them")
    private List<Path> paths = new ArrayList<>();

    @Option(
            names = "--policy",
            paramLabel = "FILE",
            description = "policy as JSON (default: the strict preset); docs/guide/model-files.md")
    private @Nullable Path policy;

    @Option(names = "--permissive", description = "warn of unknown layers, operators and numbers that are not finite")
    private boolean permissive;

    @Option(names = "--sarif", paramLabel = "FILE", description = "write the findings as SARIF 2.1.0")
    private @Nullable Path sarif;

    @Option(names = "--json", description = "print one JSON object for each file, one a line, and nothing else")
    private boolean json;

    @Mixin
    private SignatureOptions signature = new SignatureOptions();

    private final Main.Streams streams;

    VerifyCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        VerificationPolicy rules = readPolicy();
        boolean signed = signature.given();
        if (signed && paths.size() != 1) {
            throw new IllegalArgumentException(
                    "--signature must be given with one FILE or DIR, which it covers, were " + paths.size());
        }
        ModelPaths files = ModelPaths.of(paths).without(signature.file());
        Optional<SignatureReport> signer = signed ? Optional.of(signature.verify(paths.get(0))) : Optional.empty();
        int code = signer.map(this::tell).orElse(0);
        ModelVerifier verifier = ModelVerifier.of(rules);
        Map<String, ModelReport> reports = new LinkedHashMap<>();
        Map<String, String> unreadable = new LinkedHashMap<>();
        for (Map.Entry<String, Path> file : files.files().entrySet()) {
            try {
                ModelReport report = signedDigest(signer, file.getValue())
                        .map(digest -> verifier.withSigned(Set.of(digest)).withPolicy(rules.withSigned(true)))
                        .orElse(verifier)
                        .verify(file.getValue());
                code = worse(code, tell(file.getKey(), report));
                if (sarif != null) {
                    reports.put(file.getKey(), report.withoutModel());
                }
                if (report.model().isPresent()) {
                    report.model().get().close();
                }
            } catch (IOException e) {
                unreadable.put(file.getKey(), String.valueOf(e.getMessage()));
            }
        }
        if (signer.isPresent() && bySharding(signer.get())) {
            // Shards bind no whole file: what was just read must still be what was signed.
            SignatureReport again = signature.verify(paths.get(0));
            if (again.verification().verdict() != signer.get().verification().verdict()) {
                code = worse(code, tell(again));
            }
        }
        files.refused().forEach(path -> unreadable.put(path, "must be a regular file, is a link or a special file"));
        unreadable.forEach(this::tellUnreadable);
        code = worse(code, unreadable.isEmpty() ? 0 : 2);
        streams.out().flush();
        if (sarif != null) {
            AtomicFiles.write(sarif, SarifReport.of(reports, unreadable, verifier.formats(), Main.version()));
        }
        return code;
    }

    /** The digest that the signature names for a file: what is verified must be what was signed. */
    private Optional<String> signedDigest(Optional<SignatureReport> signer, Path file) {
        Path root = paths.get(0);
        String name = Files.isDirectory(root)
                ? root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/")
                : String.valueOf(file.getFileName());
        return signer.filter(report -> report.verification().verdict() == Verdict.ACCEPT)
                .flatMap(SignatureReport::signed)
                .map(model -> model.digests().get(name))
                .map(digest -> "sha256:" + digest);
    }

    private static boolean bySharding(SignatureReport report) {
        return report.signed().map(m -> m.digests().isEmpty() && m.files() > 0).orElse(false);
    }

    private int tell(SignatureReport report) {
        String path = String.valueOf(signature.file().orElseThrow()).replace('\\', '/');
        if (json) {
            line(CanonicalJson.string(ReportJson.of(path, "oms-signature", report.verification())));
        } else {
            line(String.format(
                    "%-14s %s  %s",
                    report.verification().verdict(),
                    ModelText.printable(path),
                    report.signed()
                            .map(m -> "signed by " + ModelText.printable(m.signer()))
                            .orElse("signature")));
            for (Finding finding : report.verification().findings()) {
                line("    " + ModelText.finding(finding));
            }
        }
        return exit(report.verification().verdict());
    }

    private static int exit(Verdict verdict) {
        return switch (verdict) {
            case ACCEPT -> 0;
            case REJECT -> 1;
            case CANNOT_INSPECT -> 2;
        };
    }

    private VerificationPolicy readPolicy() throws IOException {
        if (policy == null) {
            return permissive ? VerificationPolicy.permissive() : VerificationPolicy.strict();
        }
        if (permissive) {
            throw new IllegalArgumentException(
                    "--permissive must not stand beside --policy: the policy has its preset");
        }
        if (!Files.isRegularFile(policy)) {
            throw new NoSuchFileException(
                    policy + ": must be a policy, " + (Files.exists(policy) ? "is no file" : "is not there"));
        }
        try {
            return PolicyJson.read(Files.readAllBytes(policy));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(policy + ": " + e.getMessage(), e);
        }
    }

    /** A rejection outweighs what could not be inspected: the answer no is certain. */
    private static int worse(int a, int b) {
        return a == 1 || b == 1 ? 1 : Math.max(a, b);
    }

    private int tell(String path, ModelReport report) {
        if (json) {
            line(CanonicalJson.string(ReportJson.of(path, report)));
        } else {
            line(String.format(
                    "%-14s %s  %s  %s",
                    report.verification().verdict(),
                    ModelText.printable(path),
                    report.structure().format(),
                    report.digest()));
            for (Finding finding : report.verification().findings()) {
                line("    " + ModelText.finding(finding));
            }
        }
        return exit(report.verification().verdict());
    }

    private void tellUnreadable(String path, String why) {
        if (json) {
            line(CanonicalJson.string(ReportJson.unreadable(path, why)));
        } else {
            line(String.format(
                    "%-14s %s  %s", Verdict.CANNOT_INSPECT, ModelText.printable(path), ModelText.printable(why)));
        }
    }

    private void line(String text) {
        streams.out().println(text);
    }
}
