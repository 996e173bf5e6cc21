// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Estimate;
import dev.aisec.core.Evidence;
import dev.aisec.core.Finding;
import dev.aisec.core.Interval;
import dev.aisec.core.MalformedInputException;
import dev.aisec.core.Measurement;
import dev.aisec.core.Seed;
import dev.aisec.core.Severity;
import dev.aisec.core.Technique;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    private static JsonValue parse(String text) {
        return JsonParser.parse(text.getBytes(StandardCharsets.UTF_8), JsonLimits.standard());
    }

    /** Origin: RFC 8785, appendix B. */
    @ParameterizedTest
    @CsvSource({
        "0000000000000000, 0",
        "8000000000000000, 0",
        "0000000000000001, 5e-324",
        "8000000000000001, -5e-324",
        "7fefffffffffffff, 1.7976931348623157e+308",
        "ffefffffffffffff, -1.7976931348623157e+308",
        "4340000000000000, 9007199254740992",
        "c340000000000000, -9007199254740992",
        "4430000000000000, 295147905179352830000",
        "44b52d02c7e14af5, 9.999999999999997e+22",
        "44b52d02c7e14af6, 1e+23",
        "44b52d02c7e14af7, 1.0000000000000001e+23",
        "444b1ae4d6e2ef4e, 999999999999999700000",
        "444b1ae4d6e2ef4f, 999999999999999900000",
        "444b1ae4d6e2ef50, 1e+21",
        "3eb0c6f7a0b5ed8c, 9.999999999999997e-7",
        "3eb0c6f7a0b5ed8d, 0.000001",
        "41b3de4355555553, 333333333.3333332",
        "41b3de4355555554, 333333333.33333325",
        "41b3de4355555555, 333333333.3333333",
        "41b3de4355555556, 333333333.3333334",
        "41b3de4355555557, 333333333.33333343",
        "becbf647612f3696, -0.0000033333333333333333",
        "43143ff3c1cb0959, 1424953923781206.2"
    })
    void number_rfcTable_printsAsThere(String bits, String text) {
        assertThat(CanonicalJson.number(Double.longBitsToDouble(Long.parseUnsignedLong(bits, 16))))
                .isEqualTo(text);
    }

    @Test
    void number_randomAndPowersOfTwo_readsBackWithFewestDigits() {
        RandomGenerator random = new Seed(5).generator(0);
        for (int i = 0; i < 20_000; i++) {
            double value = i < 2000 ? Math.scalb(1.0, i - 1000) : Double.longBitsToDouble(random.nextLong());
            if (!Double.isFinite(value) || value == 0) {
                continue;
            }
            String text = CanonicalJson.number(value);
            assertThat(Double.parseDouble(text)).isEqualTo(value);
            int digits = new BigDecimal(text).stripTrailingZeros().precision();
            if (digits > 1) {
                BigDecimal exact = new BigDecimal(value);
                for (RoundingMode mode : List.of(RoundingMode.FLOOR, RoundingMode.CEILING)) {
                    assertThat(exact.round(new MathContext(digits - 1, mode)).doubleValue())
                            .as("%s with one digit fewer", text)
                            .isNotEqualTo(value);
                }
            }
        }
    }

    /** Origin: RFC 8785, section 3.2.3, and its escapes of section 3.2.2.2. */
    @Test
    void string_rfcSorting_asThere() {
        JsonValue value =
                parse("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet"
                        + " With Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
                        + "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}");
        assertThat(CanonicalJson.string(value))
                .isEqualTo("{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"\u00f6\":\"Latin Small"
                        + " Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\",\"\ud83d\ude00\":\"Emoji: Grinning"
                        + " Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
        assertThat(CanonicalJson.string(parse("[ \"\\u0008\\u000b/\\\\\\\"\\u00e9\", true, null, {}, [ ], 1E2, -0 ]")))
                .isEqualTo("[\"\\b\\u000b/\\\\\\\"\u00e9\",true,null,{},[],100,0]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "[1,]",
                "{\"a\":1,}",
                "{\"a\":1,\"a\":2}",
                "01",
                "1.",
                ".5",
                "+1",
                "1e",
                "NaN",
                "Infinity",
                "1e400",
                "\"\\ud800\"",
                "\"\\udc00\"",
                "\"\\x\"",
                "\"\n\"",
                "\"a",
                "tru",
                "[1 2]",
                "{1:2}",
                "1 1",
                "\ufeff1",
                "'a'",
                "[",
                "\"\\u12g4\"",
                "nul",
                "-",
                "--1",
                "{\"a\" 1}"
            })
    void parse_malformed_tellsOffset(String text) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOfSatisfying(
                        MalformedInputException.class,
                        e -> assertThat(e.offset()).isBetween(0L, (long) text.getBytes(StandardCharsets.UTF_8).length));
    }

    @Test
    void parse_invalidUtf8_refuses() {
        byte[] overlong = {'"', (byte) 0xc0, (byte) 0xaf, '"'};
        byte[] surrogate = {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'};
        for (byte[] bytes : List.of(overlong, surrogate)) {
            assertThatThrownBy(() -> JsonParser.parse(bytes, JsonLimits.standard()))
                    .isInstanceOf(MalformedInputException.class)
                    .hasMessageContaining("UTF-8");
        }
    }

    @Test
    void parse_beyondLimits_refuses() {
        JsonLimits limits = new JsonLimits(100, 3, 10, 8);
        for (String text : List.of("[[[[1]]]]", "[1,1,1,1,1,1,1,1,1,1]", "\"123456789\"", " ".repeat(100) + "1")) {
            assertThatThrownBy(() -> JsonParser.parse(text.getBytes(StandardCharsets.UTF_8), limits))
                    .isInstanceOf(MalformedInputException.class)
                    .hasMessageContaining("<=");
        }
        assertThatThrownBy(() -> parse("[".repeat(1_000_000))).isInstanceOf(MalformedInputException.class);
    }

    @Test
    void parse_mutatedDocuments_givesValueOrMalformed() {
        byte[] valid = CanonicalJson.bytes(EvidenceJson.toJson(evidence()));
        RandomGenerator random = new Seed(6).generator(0);
        int values = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = valid.clone();
            for (int change = 0; change <= random.nextInt(3); change++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                JsonValue value = JsonParser.parse(bytes, JsonLimits.standard());
                assertThat(JsonParser.parse(CanonicalJson.bytes(value), JsonLimits.standard()))
                        .isEqualTo(value);
                values++;
            } catch (MalformedInputException expected) {
                assertThat(expected.offset()).isBetween(0L, (long) bytes.length);
            }
        }
        assertThat(values).isPositive();
    }

    @Test
    void evidence_roundTrip_isEqual() {
        JsonValue json = EvidenceJson.toJson(evidence());
        assertThat(EvidenceJson.fromJson(json)).isEqualTo(evidence());
        assertThat(EvidenceJson.fromJson(JsonParser.parse(CanonicalJson.bytes(json), JsonLimits.standard())))
                .isEqualTo(evidence());
        assertThatThrownBy(() -> EvidenceJson.fromJson(parse("{\"technique\":1}")))
                .hasMessage("member technique must be a string, was JsonNumber");
        assertThatThrownBy(() -> EvidenceJson.fromJson(parse("{}"))).hasMessageContaining("technique must be there");
    }

    private static Evidence evidence() {
        return new Evidence(
                Technique.ROBUSTNESS_EVALUATION,
                "sha256:00 \u2264 <b>",
                new TreeMap<>(Map.of("seed", "7")),
                List.of(
                        new Measurement.Scalar(
                                "auc",
                                "1",
                                new TreeMap<>(),
                                new Estimate.Measured(0.1 + 0.2, new Interval(0, 1, 0.95), 1L << 40)),
                        new Measurement.Curve(
                                "robust-accuracy",
                                "epsilon",
                                "accuracy",
                                new TreeMap<>(Map.of("norm", "L2")),
                                List.of(
                                        new Measurement.Point(
                                                0, new Estimate.Measured(1, new Interval(0.5, 1, 0.9), 3)),
                                        new Measurement.Point(1, new Estimate.Abstained("no data", 0))))),
                List.of(
                        Finding.of(Severity.INFO, "a.b", "m", ""),
                        new Finding(Severity.ERROR, "a.c", "n", "x", OptionalLong.of(12), "RFC 1")));
    }
}
