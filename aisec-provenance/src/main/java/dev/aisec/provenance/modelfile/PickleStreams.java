// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.modelfile.PickleValue.Array;
import dev.aisec.provenance.modelfile.PickleValue.Bytes;
import dev.aisec.provenance.modelfile.PickleValue.Constant;
import dev.aisec.provenance.modelfile.PickleValue.Container;
import dev.aisec.provenance.modelfile.PickleValue.Dict;
import dev.aisec.provenance.modelfile.PickleValue.Encoded;
import dev.aisec.provenance.modelfile.PickleValue.Int;
import dev.aisec.provenance.modelfile.PickleValue.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

    /** A container that a walk is within. */
    private static final class Step {
        private final Container container;
        private int next;
        private long sum;
        /** Where the container is, once somebody asked. */
        private @Nullable String path;

        Step(Container container) {
            this.container = container;
            this.sum = 1 + container.count() - container.children().size();
        }
    }

    /** Gives arrays the keys and indices that lead to them, and refuses what is far larger written out than in memory. */
    private static void name(PickleValue root, Inspection inspection) throws IOException {
        List<Step> steps = new ArrayList<>();
        if (root instanceof Container container) {
            enter(container, steps);
        } else if (root instanceof Array array) {
            array.name = "";
        }
        long largest = 0;
        while (!steps.isEmpty()) {
            Step step = steps.get(steps.size() - 1);
            if (step.next < step.container.children().size()) {
                PickleValue child = step.container.children().get(step.next++);
                if (child instanceof Container inner && inner.walk == Container.Walk.NEW) {
                    inspection.step();
                    enter(inner, steps);
                } else if (child instanceof Array array && array.name == null) {
                    array.name = path(steps);
                }
                // What holds itself counts once.
                step.sum += child instanceof Container inner ? inner.written : 1;
            } else {
                step.container.walk = Container.Walk.DONE;
                step.container.written = Math.min(PickleValue.MOST, step.sum);
                largest = Math.max(largest, step.container.written);
                steps.remove(steps.size() - 1);
                if (!steps.isEmpty()) {
                    Step outer = steps.get(steps.size() - 1);
                    outer.sum = Math.min(PickleValue.MOST, outer.sum + step.container.written);
                }
            }
        }
        if (largest > FREE_WEIGHT) {
            inspection.report(
                    PickleRules.EXPANSION,
                    -1,
                    "values written out must be <= " + FREE_WEIGHT
                            + ", are more: containers hold each other many times");
        }
    }

    private static void enter(Container container, List<Step> steps) {
        container.walk = Container.Walk.WITHIN;
        steps.add(new Step(container));
    }

    private static String path(List<Step> steps) throws IOException {
        int depth = steps.size() - 1;
        while (depth > 0 && steps.get(depth).path == null) {
            depth--;
        }
        String path = depth == 0 ? "" : String.valueOf(steps.get(depth).path);
        for (; depth < steps.size(); depth++) {
            Step step = steps.get(depth);
            step.path = path;
            if (path.length() <= MOST_PATH) {
                int index = step.next - 1;
                PickleValue key = step.container instanceof Dict dict ? dict.keys.get(index) : Int.of(index);
                String part = key instanceof Text text
                        ? text.length > 4 * MOST_PATH ? null : text.text()
                        : key instanceof Int number ? Long.toString(number.value) : null;
                path += (depth == 0 ? "" : ".") + (part == null ? "?" : part);
                path = path.length() > MOST_PATH ? path.substring(0, MOST_PATH) + "…" : path;
            }
        }
        return path;
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
