// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.privacy.accounting.Calibration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code aisec dp steps}: how long a target lasts. */
@Command(
        name = "steps",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "The most steps of Gaussian noise that stay within epsilon and delta.",
            "The answer is on the safe side: its certified epsilon does not exceed the target."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {" 0:found", " 1:not even one step is within the target", " 2:bad input", " 3:a fault of aisec"})
final class DpStepsCommand implements Callable<Integer> {
    @Option(
            names = "--noise-multiplier",
            paramLabel = "Z",
            required = true,
            description = "standard deviation of the noise over the norm that each record's contribution is clipped to")
    private double noiseMultiplier;

    @Mixin
    private DpTarget target = new DpTarget();

    @Mixin
    private DpSampling sampling = new DpSampling();

    @Option(names = "--json", description = "print canonical JSON on standard output, and nothing else there")
    private boolean json;

    private final Main.Streams streams;

    DpStepsCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        DpText.positive("--noise-multiplier", noiseMultiplier);
        Calibration.Steps steps = target.calibration().steps(sampling.step(noiseMultiplier));
        if (json) {
            Map<String, JsonValue> members = new LinkedHashMap<>();
            members.put("steps", new JsonNumber(steps.count()));
            members.put("noiseMultiplier", new JsonNumber(noiseMultiplier));
            target.addTo(members, steps.epsilon());
            sampling.addTo(members);
            DpText.print(streams, new JsonObject(members));
        } else {
            streams.out()
                    .println("Steps " + steps.count() + " (noise multiplier " + DpText.exact(noiseMultiplier) + ", "
                            + sampling + ").");
            streams.out().println(target.reached(steps.epsilon()));
            streams.out().flush();
        }
        return steps.count() == 0 ? 1 : 0;
    }
}
