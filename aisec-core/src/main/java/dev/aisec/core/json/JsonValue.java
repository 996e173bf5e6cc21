// SPDX-License-Identifier: Apache-2.0
package dev.aisec.core.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A JSON value. Immutable. Numbers are IEEE doubles, as RFC 7493 (I-JSON) and RFC 8785 have it. */
public sealed interface JsonValue {
    /**
     * An object.
     *
     * @param members members by name, in the order given
     */
    record JsonObject(Map<String, JsonValue> members) implements JsonValue {
        /** Copies the members. */
        public JsonObject {
            members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
        }
    }

    /**
     * An array.
     *
     * @param items the items
     */
    record JsonArray(List<JsonValue> items) implements JsonValue {
        /** Copies the items. */
        public JsonArray {
            items = List.copyOf(items);
        }
    }

    /**
     * A string.
     *
     * @param value without lone surrogates
     */
    record JsonString(String value) implements JsonValue {
        /** Checks the surrogates. */
        public JsonString {
            int lone = loneSurrogate(value);
            if (lone >= 0) {
                throw new IllegalArgumentException("value must not have a lone surrogate, has one at index " + lone);
            }
        }
    }

    /**
     * A number.
     *
     * @param value finite
     */
    record JsonNumber(double value) implements JsonValue {
        /** Checks that the value is finite. */
        public JsonNumber {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("value must be finite, was " + value);
            }
        }
    }

    /**
     * True or false.
     *
     * @param value the value
     */
    record JsonBoolean(boolean value) implements JsonValue {}

    /** Null. */
    record JsonNull() implements JsonValue {}

    /**
     * A string.
     *
     * @param value the text
     * @return the JSON value
     */
    static JsonValue of(String value) {
        return new JsonString(value);
    }

    /**
     * A number.
     *
     * @param value finite
     * @return the JSON value
     */
    static JsonValue of(double value) {
        return new JsonNumber(value);
    }

    /**
     * True or false.
     *
     * @param value the value
     * @return the JSON value
     */
    static JsonValue of(boolean value) {
        return new JsonBoolean(value);
    }

    /**
     * The index of the first lone surrogate.
     *
     * @param text any text
     * @return the index, or -1
     */
    private static int loneSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return i;
            }
        }
        return -1;
    }
}
