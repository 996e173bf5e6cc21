// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.json;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * The canonical form of JSON after RFC 8785 (JCS): no white space, names sorted by UTF-16 units, strings escaped only
 * where they must be, numbers as ECMAScript prints them. Equal values give equal bytes on every JDK.
 */
public final class CanonicalJson {
    private CanonicalJson() {}

    /**
     * The canonical bytes.
     *
     * @param value the value
     * @return UTF-8
     */
    public static byte[] bytes(JsonValue value) {
        return string(value).getBytes(StandardCharsets.UTF_8);
    }

    /**
     * The canonical text.
     *
     * @param value the value
     * @return one line
     */
    public static String string(JsonValue value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(JsonValue value, StringBuilder out) {
        if (value instanceof JsonValue.JsonObject object) {
            // TreeMap sorts strings by UTF-16 units, as section 3.2.3 wants it.
            char before = '{';
            for (Map.Entry<String, JsonValue> member : new TreeMap<>(object.members()).entrySet()) {
                out.append(before);
                before = ',';
                quote(new JsonValue.JsonString(member.getKey()).value(), out);
                out.append(':');
                write(member.getValue(), out);
            }
            out.append(before == '{' ? "{}" : "}");
        } else if (value instanceof JsonValue.JsonArray array) {
            char before = '[';
            for (JsonValue item : array.items()) {
                out.append(before);
                before = ',';
                write(item, out);
            }
            out.append(before == '[' ? "[]" : "]");
        } else if (value instanceof JsonValue.JsonString string) {
            quote(string.value(), out);
        } else if (value instanceof JsonValue.JsonNumber number) {
            out.append(number(number.value()));
        } else if (value instanceof JsonValue.JsonBoolean bool) {
            out.append(bool.value());
        } else {
            out.append("null");
        }
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /**
     * A number as ECMAScript prints it (ECMA-262, Number::toString, which RFC 8785 section 3.2.2.3 names): the fewest
     * digits that read back as the same double, of those the closest to it.
     *
     * @param value finite
     * @return the text; −0 gives 0
     */
    static String number(double value) {
        if (value == 0) {
            return "0";
        }
        double magnitude = Math.abs(value);
        BigDecimal shortest = shortest(magnitude);
        String digits = shortest.unscaledValue().toString();
        int stripped = digits.length();
        while (stripped > 1 && digits.charAt(stripped - 1) == '0') {
            stripped--;
        }
        // value = 0.digits · 10^n
        int n = digits.length() - shortest.scale();
        digits = digits.substring(0, stripped);
        int k = digits.length();
        String text;
        if (k <= n && n <= 21) {
            text = digits + "0".repeat(n - k);
        } else if (0 < n && n <= 21) {
            text = digits.substring(0, n) + "." + digits.substring(n);
        } else if (-6 < n && n <= 0) {
            text = "0." + "0".repeat(-n) + digits;
        } else {
            String exponent = (n > 0 ? "e+" : "e-") + Math.abs(n - 1);
            text = k == 1 ? digits + exponent : digits.charAt(0) + "." + digits.substring(1) + exponent;
        }
        return value < 0 ? "-" + text : text;
    }

    /**
     * Tries ever more digits. Both neighbours with that many digits are tried, since at powers of two the interval that
     * reads back is wider above than below and the nearer neighbour may miss it. JDK 17's own Double.toString does not
     * always give the fewest digits (JDK-4511638), so it cannot serve here.
     */
    private static BigDecimal shortest(double magnitude) {
        BigDecimal exact = new BigDecimal(magnitude);
        // Longest first would do as well; most numbers of reports have few digits.
        for (int digits = 1; digits < 17; digits++) {
            BigDecimal down = exact.round(new MathContext(digits, RoundingMode.DOWN));
            BigDecimal up = exact.round(new MathContext(digits, RoundingMode.UP));
            boolean downReads = down.doubleValue() == magnitude;
            boolean upReads = up.doubleValue() == magnitude;
            if (downReads && upReads) {
                return exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            }
            if (downReads || upReads) {
                return downReads ? down : up;
            }
        }
        return exact.round(new MathContext(17, RoundingMode.HALF_EVEN));
    }
}
