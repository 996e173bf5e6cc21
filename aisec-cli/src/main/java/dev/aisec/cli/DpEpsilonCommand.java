// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNull;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.privacy.accounting.Accountant;
import dev.aisec.privacy.accounting.BasicAccountant;
import dev.aisec.privacy.accounting.KovAccountant;
import dev.aisec.privacy.accounting.PldAccountant;
import dev.aisec.privacy.accounting.PrivacyInterval;
import dev.aisec.privacy.accounting.RdpAccountant;
import dev.aisec.privacy.accounting.ZcdpAccountant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code aisec dp epsilon}: what a training run with Gaussian noise gives away. */
@Command(
        name = "epsilon",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "The epsilon of Gaussian noise over many steps, such as those of DP-SGD, by every accountant.",
            "Each gives a certified lower and upper end. The least upper end is what may be promised."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {" 0:computed", " 2:bad input", " 3:a fault of aisec"})
final class DpEpsilonCommand implements Callable<Integer> {
    private static final String NO_BOUND = "no finite upper bound";

    /** The tightest first. */
    private static final List<Accountant> ACCOUNTANTS = List.of(
            PldAccountant.of(), new RdpAccountant(), new ZcdpAccountant(), new KovAccountant(), new BasicAccountant());

    @Option(
            names = "--noise-multiplier",
            paramLabel = "Z",
            required = true,
            description =
                    "standard deviation of the noise over the norm that each record's contribution is clipped to, under"
                            + " every relation; that replace-one changes the sum by twice the norm is counted")
    private double noiseMultiplier;

    @Mixin
    private DpSampling sampling = new DpSampling();

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "1",
            description = "number of noisy steps (default: ${DEFAULT-VALUE})")
    private long steps;

    @Option(names = "--delta", paramLabel = "D", required = true, description = "delta, in [0, 1)")
    private double delta;

    @Option(names = "--json", description = "print canonical JSON on standard output, and nothing else there")
    private boolean json;

    private final Main.Streams streams;

    DpEpsilonCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        DpText.positive("--noise-multiplier", noiseMultiplier);
        DpText.atLeastOne("--steps", steps);
        if (!(delta >= 0 && delta < 1)) {
            throw new IllegalArgumentException("--delta must be in [0, 1), was " + delta);
        }
        Map<String, PrivacyInterval> answers = new LinkedHashMap<>();
        for (Accountant accountant : ACCOUNTANTS) {
            answers.put(
                    accountant.name(),
                    accountant.epsilon(sampling.step(noiseMultiplier).repeat(steps), delta));
        }
        if (json) {
            DpText.print(streams, toJson(answers));
        } else {
            print(answers);
        }
        return 0;
    }

    private JsonValue toJson(Map<String, PrivacyInterval> answers) {
        List<JsonValue> items = new ArrayList<>();
        answers.forEach((name, epsilon) -> {
            Map<String, JsonValue> item = new LinkedHashMap<>();
            item.put("name", new JsonString(name));
            item.put("epsilonLower", new JsonNumber(epsilon.lower()));
            if (Double.isFinite(epsilon.upper())) {
                item.put("epsilonUpper", new JsonNumber(epsilon.upper()));
            } else {
                item.put("epsilonUpper", new JsonNull());
                item.put("note", new JsonString(NO_BOUND));
            }
            items.add(new JsonObject(item));
        });
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("accountants", new JsonArray(items));
        members.put("noiseMultiplier", new JsonNumber(noiseMultiplier));
        members.put("steps", new JsonNumber(steps));
        members.put("delta", new JsonNumber(delta));
        sampling.addTo(members);
        return new JsonObject(members);
    }

    private void print(Map<String, PrivacyInterval> answers) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "Noise multiplier %s, %s, steps %d, delta %s.%n%n%-12s %14s %14s%n",
                DpText.exact(noiseMultiplier),
                sampling,
                steps,
                DpText.exact(delta),
                "accountant",
                "epsilon lower",
                "epsilon upper"));
        double lower = 0;
        double upper = Double.POSITIVE_INFINITY;
        for (Map.Entry<String, PrivacyInterval> answer : answers.entrySet()) {
            PrivacyInterval epsilon = answer.getValue();
            lower = Math.max(lower, epsilon.lower());
            upper = Math.min(upper, epsilon.upper());
            text.append(String.format(
                    Locale.ROOT,
                    "%-12s %14s %14s%n",
                    answer.getKey(),
                    DpText.down(epsilon.lower()),
                    Double.isFinite(epsilon.upper()) ? DpText.up(epsilon.upper()) : NO_BOUND));
        }
        text.append(String.format(
                "%nThe exact epsilon lies between %s and %s.%n",
                DpText.down(lower), Double.isFinite(upper) ? DpText.up(upper) : "infinity"));
        streams.out().print(text);
        streams.out().flush();
    }
}
