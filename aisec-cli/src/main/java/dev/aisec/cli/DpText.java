// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.privacy.accounting.Budget;
import dev.aisec.privacy.accounting.BudgetAmount;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the commands of {@code aisec dp} have in common. */
final class DpText {
    private static final int DIGITS = 6;

    private DpText() {}

    static void positive(String option, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(option + " must be > 0 and finite, was " + value);
        }
    }

    static void atLeastOne(String option, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(option + " must be >= 1, was " + value);
        }
    }

    /** Six digits, never above the value. */
    static String down(double value) {
        return rounded(value, RoundingMode.FLOOR);
    }

    /** Six digits, never below the value. */
    static String up(double value) {
        return rounded(value, RoundingMode.CEILING);
    }

    /** All digits that tell the value from its neighbours. */
    static String exact(double value) {
        return CanonicalJson.string(new JsonNumber(value));
    }

    static void print(Main.Streams streams, JsonValue json) {
        streams.out().writeBytes(CanonicalJson.bytes(json));
        streams.out().println();
        streams.out().flush();
    }

    /** The currency of a budget. */
    static String currency(Budget budget) {
        return budget instanceof Budget.ZeroConcentrated ? "rho" : "epsilon";
    }

    static String text(Budget budget, BudgetAmount amount) {
        return currency(budget) + " " + exact(amount.privacy())
                + (budget instanceof Budget.Pure ? "" : ", delta " + exact(amount.delta()));
    }

    static JsonObject amount(Budget budget, BudgetAmount amount) {
        return new JsonObject(
                Map.of(currency(budget), new JsonNumber(amount.privacy()), "delta", new JsonNumber(amount.delta())));
    }

    static JsonObject budget(Budget budget) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("neighbouring", new JsonString(DpSampling.Relation.name(budget.neighbouring())));
        if (budget instanceof Budget.Pure pure) {
            members.put("epsilon", new JsonNumber(pure.epsilon()));
            members.put("delta", new JsonNumber(0));
        } else if (budget instanceof Budget.Approximate approximate) {
            members.put("epsilon", new JsonNumber(approximate.epsilon()));
            members.put("delta", new JsonNumber(approximate.delta()));
            members.put("deltaPerRelease", new JsonNumber(approximate.deltaPerRelease()));
        } else if (budget instanceof Budget.ZeroConcentrated concentrated) {
            members.put("rho", new JsonNumber(concentrated.rho()));
            members.put("delta", new JsonNumber(concentrated.delta()));
        }
        return new JsonObject(members);
    }

    private static String rounded(double value, RoundingMode mode) {
        BigDecimal decimal = new BigDecimal(value).round(new MathContext(DIGITS, mode));
        // Intervals end one double outside of 0.
        if (Math.abs(value) < 1e-300) {
            return "0";
        }
        int magnitude = decimal.precision() - decimal.scale();
        BigDecimal shortest = decimal.stripTrailingZeros();
        return magnitude < -4 || magnitude > 12 ? shortest.toString() : shortest.toPlainString();
    }
}
