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

/** {@code aisec dp sigma}: how much noise a target takes. */
@Command(
        name = "sigma",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "The least noise multiplier with which Gaussian noise over many steps stays within epsilon and delta:",
            "standard deviation of the noise over the norm that each record's contribution is clipped to.",
            "The answer is on the safe side: its certified epsilon does not exceed the target."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {" 0:found", " 2:bad input, or a target out of reach", " 3:a fault of aisec"})
final class DpSigmaCommand implements Callable<Integer> {
    @Mixin
    private DpTarget target = new DpTarget();

    @Mixin
    private DpSampling sampling = new DpSampling();

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "1",
            description = "number of noisy steps (default: ${DEFAULT-VALUE})")
    private long steps;

    @Option(names = "--json", description = "print canonical JSON on standard output, and nothing else there")
    private boolean json;

    private final Main.Streams streams;

    DpSigmaCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        DpText.atLeastOne("--steps", steps);
        Calibration.Noise noise = target.calibration()
                .noise(multiplier -> sampling.step(multiplier).repeat(steps));
        if (json) {
            Map<String, JsonValue> members = new LinkedHashMap<>();
            members.put("noiseMultiplier", new JsonNumber(noise.multiplier()));
            members.put("steps", new JsonNumber(steps));
            target.addTo(members, noise.epsilon());
            sampling.addTo(members);
            DpText.print(streams, new JsonObject(members));
        } else {
            streams.out()
                    .println("Noise multiplier " + DpText.exact(noise.multiplier()) + " (" + sampling + ", steps "
                            + steps + ").");
            streams.out().println(target.reached(noise.epsilon()));
            streams.out().flush();
        }
        return 0;
    }
}
