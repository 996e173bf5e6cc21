// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonNumber;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

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

    private static String rounded(double value, RoundingMode mode) {
        BigDecimal decimal = new BigDecimal(value).round(new MathContext(DIGITS, mode));
        return decimal.signum() == 0 ? "0" : decimal.stripTrailingZeros().scale() > 12 || decimal.precision() - decimal.scale() > 12
                ? decimal.stripTrailingZeros().toString()
                : decimal.stripTrailingZeros().toPlainString();
    }
}
