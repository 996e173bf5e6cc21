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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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

    private final Main.Streams streams;

    VerifyCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        ModelVerifier verifier = ModelVerifier.of(readPolicy());
        ModelPaths files = ModelPaths.of(paths);
        Map<String, ModelReport> reports = new LinkedHashMap<>();
        Map<String, String> unreadable = new LinkedHashMap<>();
        int code = 0;
        for (Map.Entry<String, Path> file : files.files().entrySet()) {
            try {
                ModelReport report = verifier.verify(file.getValue());
                if (sarif != null) {
                    reports.put(file.getKey(), report.withoutModel());
                }
                code = worse(code, tell(file.getKey(), report));
            } catch (IOException e) {
                unreadable.put(file.getKey(), String.valueOf(e.getMessage()));
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
        return switch (report.verification().verdict()) {
            case ACCEPT -> 0;
            case REJECT -> 1;
            case CANNOT_INSPECT -> 2;
        };
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
