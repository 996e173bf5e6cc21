// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonNull;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code aisec dp epsilon}, {@code sigma}, {@code steps}. */
class DpCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

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

    private Map<String, JsonValue> json(String... args) {
        assertThat(run(args)).as(err.toString(StandardCharsets.UTF_8)).isZero();
        return ((JsonObject) JsonParser.parse(out.toByteArray(), JsonLimits.standard())).members();
    }

    private static double number(Map<String, JsonValue> members, String name) {
        return ((JsonNumber) members.get(name)).value();
    }

    private void refused(String message, String... args) {
        assertThat(run(args)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("aisec: ")
                .contains(message)
                .hasLineCount(1);
        assertThat(out.size()).isZero();
    }

    @Test
    void epsilon_json_hasEveryAccountantAndTheInputs() {
        String[] args = {
            "dp", "epsilon", "--noise-multiplier=1.1", "--sampling-rate=0.01", "--steps=1000", "--delta=1e-5", "--json"
        };
        Map<String, JsonValue> members = json(args);
        byte[] first = out.toByteArray();
        assertThat(members)
                .containsOnlyKeys("accountants", "noiseMultiplier", "samplingRate", "steps", "delta", "neighbouring");
        assertThat(members.get("neighbouring")).isEqualTo(new JsonString("add-remove"));
        List<JsonValue> accountants = ((JsonArray) members.get("accountants")).items();
        assertThat(accountants.stream()
                        .map(a -> ((JsonString) ((JsonObject) a).members().get("name")).value()))
                .containsExactly("PLD", "RDP", "zCDP", "KOV", "basic");
        double lower = 0;
        double upper = Double.POSITIVE_INFINITY;
        for (JsonValue accountant : accountants) {
            Map<String, JsonValue> answer = ((JsonObject) accountant).members();
            assertThat(answer).containsOnlyKeys("name", "epsilonLower", "epsilonUpper");
            lower = Math.max(lower, number(answer, "epsilonLower"));
            upper = Math.min(upper, number(answer, "epsilonUpper"));
        }
        // All enclose one number, which other implementations put at 1.5154.
        assertThat(lower).isLessThanOrEqualTo(upper);
        assertThat(upper).isBetween(1.5153, 1.5155);
        assertThat(upper - lower).isLessThan(1e-3);

        run(args);
        assertThat(out.toByteArray()).isEqualTo(first);
    }

    @Test
    void epsilon_noFiniteBound_isNullWithANote() {
        Map<String, JsonValue> members = json("dp", "epsilon", "--noise-multiplier=2", "--delta=0", "--json");
        for (JsonValue accountant : ((JsonArray) members.get("accountants")).items()) {
            assertThat(((JsonObject) accountant).members())
                    .containsEntry("epsilonUpper", new JsonNull())
                    .containsEntry("note", new JsonString("no finite upper bound"));
        }
    }

    @Test
    void epsilon_table_roundsOutward() {
        assertThat(run("dp", "epsilon", "--noise-multiplier=2", "--delta=1e-5", "--neighbouring=REPLACE_ONE"))
                .isZero();
        // Noise of 2 C on a sum that changes by 2 C. Exact, by theorem 8 of Balle and Wang (2018), is 4.377...
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("replace-one")
                .containsPattern("PLD +4\\.37\\d+ +4\\.37\\d+")
                .contains("The exact epsilon lies between 4.37");
        assertThat(DpText.down(1.0000004)).isEqualTo("1");
        assertThat(DpText.up(1.0000004)).isEqualTo("1.00001");
        assertThat(DpText.up(1e-9)).isEqualTo("1.00001E-9");
        assertThat(DpText.down(0)).isEqualTo("0");
        assertThat(DpText.down(-Double.MIN_VALUE)).isEqualTo("0");
    }

    @Test
    void epsilon_badOptions_areRefused() {
        refused("--noise-multiplier must be > 0", "dp", "epsilon", "--noise-multiplier=NaN", "--delta=1e-5");
        refused("--delta must be in [0, 1)", "dp", "epsilon", "--noise-multiplier=1", "--delta=1");
        refused("--steps must be >= 1", "dp", "epsilon", "--noise-multiplier=1", "--delta=0.1", "--steps=0");
        refused(
                "--sampling-rate must be in (0, 1]",
                "dp",
                "epsilon",
                "--noise-multiplier=1",
                "--delta=0.1",
                "--sampling-rate=1.5");
        refused(
                "must be add-remove, replace-one or zero-out",
                "dp",
                "epsilon",
                "--noise-multiplier=1",
                "--delta=0.1",
                "--neighbouring=neither");
        refused("--noise-multiplier", "dp", "epsilon", "--delta=0.1");
    }

    @Test
    void sigmaAndSteps_areOnTheSafeSideAndUndoEachOther() {
        Map<String, JsonValue> sigma =
                json("dp", "sigma", "--epsilon=2", "--delta=1e-5", "--sampling-rate=0.02", "--steps=500", "--json");
        assertThat(number(sigma, "epsilonUpper")).isBetween(1.99, 2.0);
        assertThat(number(sigma, "epsilonLower")).isLessThanOrEqualTo(number(sigma, "epsilonUpper"));
        Map<String, JsonValue> steps = json(
                "dp",
                "steps",
                "--noise-multiplier=" + number(sigma, "noiseMultiplier"),
                "--epsilon=2",
                "--delta=1e-5",
                "--sampling-rate=0.02",
                "--json");
        assertThat(number(steps, "steps")).isBetween(500.0, 502.0);
        assertThat(number(steps, "epsilonUpper")).isLessThanOrEqualTo(2);
    }

    @Test
    void steps_notEvenOne_isANegativeAnswer() {
        assertThat(run("dp", "steps", "--noise-multiplier=0.5", "--epsilon=0.1", "--delta=1e-6"))
                .isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("Steps 0 ");
    }

    @Test
    void calibration_badTargets_areRefused() {
        refused("--epsilon must be > 0", "dp", "sigma", "--epsilon=0", "--delta=1e-5");
        refused("--delta must be in (0, 1)", "dp", "sigma", "--epsilon=1", "--delta=0");
    }

    @Test
    void dp_alone_tellsItsCommands() {
        assertThat(run("dp")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("epsilon", "sigma", "steps", "release", "ledger");
    }
}
