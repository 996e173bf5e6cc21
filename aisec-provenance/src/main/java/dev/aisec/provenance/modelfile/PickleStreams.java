// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleValue.Array;
import dev.aisec.provenance.modelfile.PickleValue.Bytes;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Dict;
import dev.aisec.provenance.modelfile.PickleValue.Encoded;
import dev.aisec.provenance.modelfile.PickleValue.Int;
import dev.aisec.provenance.modelfile.PickleValue.Items;
import dev.aisec.provenance.modelfile.PickleValue.Text;
import dev.aisec.provenance.modelfile.PickleValue.Tuple;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Interprets pickles for an inspection: reports what they import, lists what they do, names their arrays. */
final class PickleStreams {
    private static final int MOST_PROBLEMS = 10;
    private static final int MOST_PATH = 1000;
    private static final int MOST_SHOWN_CALL = 300;
    private static final long FREE_WEIGHT = 1_000_000_000;

    private PickleStreams() {}

    /** What one pickle builds. */
    record Result(PickleValue root, List<Array> arrays) {}

    /** Reports to an inspection; persistent ids cannot be known. */
    static class Host implements PickleHost {
        private final Inspection inspection;
        private final Map<Rule, Integer> reported = new HashMap<>();

        Host(Inspection inspection) {
            this.inspection = inspection;
        }

        @Override
        public void step() throws IOException {
            inspection.step();
        }

        @Override
        public void problem(Rule rule, long offset, String message) {
            if (reported.merge(rule, 1, Integer::sum) <= MOST_PROBLEMS) {
                inspection.report(rule, offset, message);
            }
        }

        @Override
        public PickleValue persistent(PickleValue id, long offset) throws IOException {
            if (!reported.containsKey(PickleRules.PERSISTENT)) {
                problem(PickleRules.PERSISTENT, offset, "values must stand in the file, persistent ids stand for some");
            }
            return Constant.UNKNOWN;
        }

        @Override
        public Limits limits() {
            return inspection.limits();
        }
    }

    /** Interprets one pickle from the cursor on; what it imports is reported even if it breaks off. */
    static Result one(Cursor cursor, Inspection inspection, PickleHost host) throws IOException {
        PickleMachine machine = new PickleMachine(cursor, host, new NestedPickles(cursor.source()), true);
        PickleValue root;
        try {
            root = machine.run();
        } finally {
            machine.uses().values().forEach(use -> report(use, inspection));
            inspection.listing(machine.listing());
        }
        name(root, inspection);
        return new Result(root, machine.arrays());
    }

    private static void report(PickleMachine.Use use, Inspection inspection) {
        String name = use.module + "." + use.name;
        String shown = PickleText.literal(name, 200);
        shown = shown.substring(1, shown.length() - 1);
        String call = use.call == null ? "" : " and calls it: " + shown + use.call;
        if (call.length() > MOST_SHOWN_CALL) {
            call = call.substring(0, MOST_SHOWN_CALL) + "…";
        }
        boolean dangerous = use.standing == Standing.DANGEROUS;
        inspection.uses(
                Use.GLOBAL,
                name,
                use.standing,
                dangerous ? PickleRules.CODE : PickleRules.GLOBAL,
                use.offset,
                (dangerous
                                ? "names that run code must not be imported, imports "
                                : "names must be on the list, imports ")
                        + shown
                        + call);
    }

    /** A value that is still to be visited. */
    private record Step(PickleValue value, String path) {}

    /** Gives arrays the keys and indices that lead to them, and refuses what is far larger written out than in memory. */
    private static void name(PickleValue root, Inspection inspection) throws IOException {
        Set<PickleValue> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<PickleValue> order = new ArrayList<>();
        ArrayDeque<Step> open = new ArrayDeque<>();
        open.push(new Step(root, ""));
        while (!open.isEmpty()) {
            Step step = open.pop();
            if (step.value instanceof Array array) {
                array.name = array.name == null ? step.path : array.name;
                continue;
            }
            List<PickleValue> children = children(step.value);
            if (children.isEmpty() || !seen.add(step.value)) {
                continue;
            }
            inspection.step();
            order.add(step.value);
            boolean keyed = step.value instanceof Dict;
            // Pushed in reverse, so that they come in the order of the file.
            for (int i = children.size() - 1; i >= 0; i--) {
                PickleValue child = children.get(i);
                if (child instanceof Array
                        || child instanceof Dict
                        || child instanceof Items
                        || child instanceof Tuple) {
                    open.push(new Step(child, path(step.path, keyed ? ((Dict) step.value).keys.get(i) : Int.of(i))));
                }
            }
        }
        weigh(order, inspection);
    }

    private static List<PickleValue> children(PickleValue value) {
        return value instanceof Dict dict
                ? dict.values
                : value instanceof Items items ? items.items : value instanceof Tuple tuple ? tuple.items : List.of();
    }

    private static String path(String path, PickleValue key) throws IOException {
        String part =
                key instanceof Text text ? text.text() : key instanceof Int number ? Long.toString(number.value) : null;
        if (part == null || path.length() + part.length() > MOST_PATH) {
            part = "?";
        }
        return path.length() > MOST_PATH ? path : path.isEmpty() ? part : path + "." + part;
    }

    /** Sizes written out, children first; what holds itself counts once. */
    private static void weigh(List<PickleValue> order, Inspection inspection) throws IOException {
        Map<PickleValue, Long> weights = new IdentityHashMap<>();
        // Containers come before what they hold, but for what is shared: visit until nothing is open.
        ArrayDeque<PickleValue> open = new ArrayDeque<>();
        Set<PickleValue> entered = Collections.newSetFromMap(new IdentityHashMap<>());
        for (PickleValue start : order) {
            open.push(start);
            while (!open.isEmpty()) {
                PickleValue value = open.peek();
                if (weights.containsKey(value)) {
                    open.pop();
                    continue;
                }
                if (entered.add(value)) {
                    for (PickleValue child : children(value)) {
                        if (!entered.contains(child) && !children(child).isEmpty()) {
                            open.push(child);
                        }
                    }
                    continue;
                }
                open.pop();
                long sum = value.weight();
                if (value instanceof Tuple || value instanceof Items) {
                    sum = 1 + (value instanceof Tuple tuple ? tuple.size : ((Items) value).size);
                }
                for (PickleValue child : children(value)) {
                    sum = Math.min(PickleValue.MOST, sum + weights.getOrDefault(child, 0L));
                }
                weights.put(value, sum);
                if (sum > FREE_WEIGHT) {
                    inspection.report(
                            PickleRules.EXPANSION,
                            -1,
                            "values written out must be <= " + FREE_WEIGHT
                                    + ", are more: containers hold each other many times");
                    return;
                }
            }
        }
    }

    /** Tells of arrays of NumPy that stand in a pickle. */
    static void tellArrays(List<Array> arrays, Inspection inspection) throws IOException {
        int number = 0;
        for (Array array : arrays) {
            if (array.storage != null) {
                continue;
            }
            String name = array.name == null || array.name.isEmpty() ? "array" + number : array.name;
            number++;
            Tensor tensor = new Tensor(name, array.type, array.order, array.shape, Tensor.Role.PARAMETER);
            inspection.tensor(tensor);
            PickleValue data = array.data;
            if (data instanceof Bytes bytes) {
                inspection.data(tensor, bytes.window());
            } else if (data instanceof Text text && text.coding == PickleValue.Coding.BYTES) {
                inspection.data(tensor, text.source.window(text.offset, text.length));
            } else if (data instanceof Text text) {
                inspection.data(tensor, decoded(text, inspection));
            } else if (data instanceof Encoded encoded) {
                inspection.data(tensor, decoded(encoded.text, inspection));
            }
        }
    }

    private static ByteSource decoded(Text text, Inspection inspection) throws IOException {
        if (text.length > inspection.limits().memoryBytes()) {
            throw inspection.refuse(
                    FileRules.TOO_LARGE,
                    text.offset,
                    "an array written as text must have <= "
                            + inspection.limits().memoryBytes() + " bytes, has " + text.length);
        }
        return ByteSource.of(text.decode().getBytes(StandardCharsets.ISO_8859_1));
    }
}
