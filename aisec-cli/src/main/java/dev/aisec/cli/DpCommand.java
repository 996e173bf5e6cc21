// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code aisec dp}: differential privacy. */
@Command(
        name = "dp",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = "Differential privacy: account for it, calibrate it, release a statistic under a budget.",
        synopsisSubcommandLabel = "COMMAND")
final class DpCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final Main.Streams streams;

    DpCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(streams.out());
        streams.out().flush();
        return 0;
    }
}
