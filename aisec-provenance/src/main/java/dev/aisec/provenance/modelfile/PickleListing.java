// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleValue.Bytes;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Dict;
import dev.aisec.provenance.modelfile.PickleValue.Encoded;
import dev.aisec.provenance.modelfile.PickleValue.Global;
import dev.aisec.provenance.modelfile.PickleValue.Int;
import dev.aisec.provenance.modelfile.PickleValue.Items;
import dev.aisec.provenance.modelfile.PickleValue.Real;
import dev.aisec.provenance.modelfile.PickleValue.Text;
import dev.aisec.provenance.modelfile.PickleValue.Tuple;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a pickle would do, as assignments that look like Python; bounded. */
final class PickleListing {
    private static final int MOST = 1 << 16;
    private static final int MOST_LINES = 1000;
    private static final int SHOWN_TEXT = 120;
    private static final int SHOWN_ITEMS = 8;
    private static final int SHOWN_DEPTH = 3;
    private static final int MOST_VALUE = 1000;

    private final StringBuilder text = new StringBuilder();
    private final Map<PickleValue, String> names = new IdentityHashMap<>();
    private final boolean on;
    private int lines;

    PickleListing(boolean on) {
        this.on = on;
    }

    boolean wanted() {
        return on && lines < MOST_LINES && text.length() < MOST;
    }

    String text() {
        return on && !wanted() ? text + "…\n" : text.toString();
    }

    void global(Global global) {
        if (wanted()) {
            assign(global, name(global));
        }
    }

    void result(PickleValue value, String expression) {
        if (wanted()) {
            assign(value, expression);
        }
    }

    void line(PickleValue target, String call) throws IOException {
        if (wanted()) {
            append(show(target) + "." + call);
        }
    }

    private void assign(PickleValue value, String expression) {
        String name = "v" + names.size();
        if (!(value instanceof Constant) && names.putIfAbsent(value, name) == null) {
            append(name + " = " + expression);
        } else {
            append(expression);
        }
    }

    private void append(String line) {
        text.append(line).append('\n');
        lines++;
    }

    private static String name(Global global) {
        String literal = PickleText.literal(global.qualified(), SHOWN_TEXT);
        return literal.substring(1, literal.length() - 1);
    }

    String arguments(PickleValue args, @Nullable PickleValue kwargs) throws IOException {
        StringBuilder out = new StringBuilder();
        if (args instanceof Tuple tuple) {
            out.append('(');
            items(out, tuple.items, tuple.size, 1);
            out.append(')');
        } else {
            out.append("(*");
            show(out, args, 1);
            out.append(')');
        }
        if (kwargs != null) {
            out.insert(out.length() - 1, ", **");
            StringBuilder named = new StringBuilder();
            show(named, kwargs, 1);
            out.insert(out.length() - 1, named);
        }
        return out.toString();
    }

    String show(PickleValue value) throws IOException {
        StringBuilder out = new StringBuilder();
        show(out, value, 0);
        return out.toString();
    }

    private void show(StringBuilder out, PickleValue value, int depth) throws IOException {
        String name = names.get(value);
        if (name != null && !(value instanceof Global)) {
            out.append(name);
        } else if (out.length() > MOST_VALUE || depth > SHOWN_DEPTH) {
            out.append('…');
        } else if (value instanceof Constant constant) {
            out.append(constant.name);
        } else if (value instanceof Int number) {
            out.append(number.value);
        } else if (value instanceof Real number) {
            out.append(number.value);
        } else if (value instanceof Text string) {
            String characters = string.text();
            out.append(
                    characters == null
                            ? "<text of " + string.length + " bytes>"
                            : PickleText.literal(characters, SHOWN_TEXT));
        } else if (value instanceof Bytes bytes) {
            out.append(bytes.mutable ? "<bytearray of " : "<bytes of ")
                    .append(bytes.length)
                    .append('>');
        } else if (value instanceof Encoded encoded) {
            out.append("<bytes of ").append(encoded.text.length).append('>');
        } else if (value instanceof Tuple tuple) {
            out.append('(');
            items(out, tuple.items, tuple.size, depth + 1);
            out.append(tuple.size == 1 ? ",)" : ")");
        } else if (value instanceof Items list) {
            out.append(list.kind == Items.Kind.LIST ? "[" : list.kind == Items.Kind.SET ? "{" : "(");
            items(out, list.items, list.size, depth + 1);
            out.append(list.kind == Items.Kind.LIST ? "]" : list.kind == Items.Kind.SET ? "}" : ")");
        } else if (value instanceof Dict dict) {
            dict(out, dict, depth + 1);
        } else if (value instanceof Global global) {
            out.append(name(global));
        } else {
            out.append('<')
                    .append(value.getClass().getSimpleName().toLowerCase(Locale.ROOT))
                    .append('>');
        }
    }

    private void dict(StringBuilder out, Dict dict, int depth) throws IOException {
        out.append('{');
        for (int i = 0; i < dict.keys.size() && i < SHOWN_ITEMS; i++) {
            out.append(i > 0 ? ", " : "");
            show(out, dict.keys.get(i), depth);
            out.append(": ");
            show(out, dict.values.get(i), depth);
        }
        out.append(dict.size > Math.min(SHOWN_ITEMS, dict.keys.size()) ? ", …}" : "}");
    }

    private void items(StringBuilder out, Iterable<PickleValue> values, long size, int depth) throws IOException {
        int shown = 0;
        for (PickleValue value : values) {
            if (shown == SHOWN_ITEMS) {
                break;
            }
            out.append(shown++ > 0 ? ", " : "");
            show(out, value, depth);
        }
        if (size > shown) {
            out.append(", …");
        }
    }
}
