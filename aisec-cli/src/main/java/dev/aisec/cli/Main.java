// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.VerificationException;
import dev.aisec.privacy.accounting.LedgerUnavailableException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/**
 * {@code aisec}: the command line.
 *
 * <p>Exit codes: 0 yes; 1 a negative answer; 2 bad input, or what cannot be inspected; 3 a fault of aisec; 130
 * interrupted. An error is one line on standard error; with the environment variable {@code AISEC_DEBUG} its stack trace
 * follows.
 */
@Command(
        name = "aisec",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Security controls for machine learning models.",
        synopsisSubcommandLabel = "COMMAND")
public final class Main {
    static final int BAD_INPUT = 2;
    static final int OWN_FAULT = 3;
    static final int INTERRUPTED = 130;

    /** Where output goes. */
    record Streams(PrintStream out, PrintStream err, boolean terminal) {}

    /** For {@code --version}. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"aisec " + version()};
        }
    }

    private Main() {}

    /**
     * Runs a command and ends the JVM with its exit code.
     *
     * @param args command and options
     */
    public static void main(String[] args) {
        // UTF-8 whatever the locale: JSON and Markdown are.
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        Thread main = Thread.currentThread();
        Thread hook = new Thread(() -> {
            // Ctrl-C: let the run end in order, so that it removes what it has begun.
            main.interrupt();
            try {
                main.join(5000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        int code = run(new Streams(out, err, ConsoleProgress.isTerminal()), args);
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is ending by a signal already; it has its own exit code.
            return;
        }
        System.exit(code);
    }

    /** Runs a command. */
    static int run(Streams streams, String... args) {
        CommandLine line = new CommandLine(new Main());
        line.addSubcommand("assess", new AssessCommand(streams));
        line.addSubcommand("dp", dp(streams));
        line.addSubcommand("fairness", new FairnessCommand(streams));
        line.addSubcommand("verify", new VerifyCommand(streams));
        line.addSubcommand("model-info", new ModelInfoCommand(streams));
        line.addSubcommand("sign", new SignCommand(streams));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOut(new PrintWriter(streams.out(), true));
        line.setErr(new PrintWriter(streams.err(), true));
        line.setParameterExceptionHandler((e, a) -> fail(streams, e, BAD_INPUT));
        line.setExecutionExceptionHandler((e, command, result) -> fail(streams, e, code(e)));
        if (args.length == 0) {
            line.usage(streams.out());
            streams.out().flush();
            return 0;
        }
        return execute(line, streams, args);
    }

    private static CommandLine dp(Streams streams) {
        return new CommandLine(new DpCommand(streams))
                .addSubcommand("epsilon", new DpEpsilonCommand(streams))
                .addSubcommand("sigma", new DpSigmaCommand(streams))
                .addSubcommand("steps", new DpStepsCommand(streams))
                .addSubcommand("release", new DpReleaseCommand(streams))
                .addSubcommand("ledger", new DpLedgerCommand(streams));
    }

    /** Runs a command; what picocli lets through, such as lack of memory, is a fault of aisec and not a negative answer. */
    static int execute(CommandLine line, Streams streams, String... args) {
        try {
            return line.execute(args);
        } catch (OutOfMemoryError e) {
            tell(streams, "out of memory (" + e.getMessage() + "): give Java more, for example AISEC_JAVA_OPTS=-Xmx6g");
            return OWN_FAULT;
        } catch (Error e) {
            return fail(streams, e, OWN_FAULT);
        }
    }

    private static int code(Exception e) {
        if (e instanceof CancellationException) {
            return INTERRUPTED;
        }
        boolean input = e instanceof IOException
                || e instanceof IllegalArgumentException
                || e instanceof MalformedInputException
                || e instanceof LedgerUnavailableException
                || e instanceof VerificationException;
        return input ? BAD_INPUT : OWN_FAULT;
    }

    private static int fail(Streams streams, Throwable e, int code) {
        String message = e.getMessage() == null || code == OWN_FAULT ? e.toString() : e.getMessage();
        tell(streams, (code == OWN_FAULT ? "internal error: " : "") + message);
        if (System.getenv("AISEC_DEBUG") != null) {
            e.printStackTrace(streams.err());
        }
        return code;
    }

    /** One line; on a terminal it takes the place of a bar that was not finished. */
    static void tell(Streams streams, String message) {
        streams.err()
                .println((streams.terminal() ? "\r\033[K" : "") + "aisec: "
                        + message.replaceAll("\\p{Cntrl}+", " ").strip());
    }

    /** The version of the jar, or "development" where there is none. */
    static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
