// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import dev.aisec.provenance.internal.Text;
import dev.aisec.provenance.modelfile.FlatBuffer.Table;
import dev.aisec.provenance.modelfile.FlatBuffer.Vector;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Graphs of SameDiff: FlatBuffers as {@code SameDiff.save} of ND4J 1.0.0-beta4 to 1.0.0-M2.1 writes them, or a zip archive
 * with such a file as {@code samediff.fb}.
 *
 * <p>Guarantee: all offsets and lengths lie within the file; only known operators are used, and each is the one that its
 * name says; all values are connected; arrays have the length and strides of their shape; the training configuration names
 * only known classes.
 */
record SameDiffFormat() implements ModelFormat {
    static final Rule OPERATOR = Rule.reject(
            "samediff.operator",
            "An operator is not known, or its number means another one than its name: it can print, call back or go to"
                    + " files.",
            "");
    static final Rule GRAPH = Rule.reject(
            "samediff.graph", "The graph contradicts itself: names stand twice, or values come from nowhere.", "");
    static final Rule ARRAY = Rule.reject(
            "samediff.array",
            "An array contradicts itself; native code would read or write outside its memory.",
            "CWE-787");

    private static final String ENTRY = "samediff.fb";
    private static final int CUSTOM = 21;
    private static final int MOST_NUMBER = 1000;
    private static final long EMPTY = 8;
    private static final long PADDED = 0x2000000L;

    /** Element types by their number, with the bits that say the same in shape information. */
    private enum Type {
        BOOL(1, ElementType.BOOL, 0x80000),
        HALF(3, ElementType.F16, 0x1000),
        FLOAT(5, ElementType.F32, 0x2000),
        DOUBLE(6, ElementType.F64, 0x4000),
        INT8(7, ElementType.I8, 0x8000),
        INT16(8, ElementType.I16, 0x10000),
        INT32(9, ElementType.I32, 0x20000),
        INT64(10, ElementType.I64, 0x40000),
        UINT8(11, ElementType.U8, 0x808000),
        UINT16(12, ElementType.U16, 0x810000),
        UINT32(13, ElementType.U32, 0x820000),
        UINT64(14, ElementType.U64, 0x840000),
        BFLOAT16(17, ElementType.BF16, 0x800),
        UTF8(50, ElementType.OPAQUE, 0x100000);

        final int number;
        final ElementType element;
        final long bits;

        Type(int number, ElementType element, long bits) {
            this.number = number;
            this.element = element;
            this.bits = bits;
        }
    }

    @Override
    public String name() {
        return "samediff";
    }

    @Override
    public List<String> extensions() {
        return List.of("fb", "sd", "sdz", "zip", "bin");
    }

    @Override
    public Claim recognizes(Probe probe) throws IOException {
        List<String> names = probe.zipNames().orElse(List.of());
        if (!names.isEmpty()) {
            return names.contains(ENTRY) ? Claim.CERTAIN : Claim.NONE;
        }
        byte[] head = probe.head();
        // The root is a table near the beginning; anything else is told apart before the inspection is set up.
        if (head.length < 32 || head[2] != 0 || head[3] != 0 || (head[0] | head[1]) == 0) {
            return Claim.NONE;
        }
        Inspection scratch =
                new Inspection(new Inspection.Shared(VerificationPolicy.strict(), List.of(), probe.source()), "", 0);
        try {
            FlatBuffer file = new FlatBuffer(probe.source(), scratch);
            Table graph = file.root();
            Vector variables = graph.vector(1, 4);
            Vector nodes = graph.vector(2, 4);
            if (variables.count() == 0) {
                return Claim.NONE;
            }
            Table variable = file.table(variables, 0);
            boolean named = !variable.string(1).isEmpty() && variable.table(0) != null;
            boolean typed = variable.i8(6) >= 0 && variable.i8(6) <= 4 && variable.i8(2) >= 0 && variable.i8(2) <= 52;
            if (nodes.count() > 0) {
                named &= !file.table(nodes, 0).string(1).isEmpty();
            }
            return named && typed ? Claim.CERTAIN : Claim.NONE;
        } catch (Refusal e) {
            return Claim.NONE;
        }
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        if (ZipReader.names(source, inspection.limits()).isEmpty()) {
            new Reader(source, inspection).read();
            return;
        }
        ZipReader zip = ZipReader.open(source, inspection);
        for (ZipReader.Member member : zip.members()) {
            if (member.name().equals(ENTRY) && member.readable()) {
                Entries.guarded(inspection.entry(ENTRY), in -> new Reader(zip.content(member), in).read());
            } else if (member.readable() && !member.directory()) {
                Entries.guarded(inspection, in -> Entries.other(member.name(), zip.content(member), in));
            }
        }
    }

    /** Reads one graph. */
    private static final class Reader {
        private final FlatBuffer file;
        private final long length;
        private final Inspection inspection;
        private final Map<Long, String> values = new HashMap<>();
        private final Set<String> names = new HashSet<>();
        private long arrayBytes;

        Reader(ByteSource source, Inspection inspection) {
            this.file = new FlatBuffer(source, inspection);
            this.length = source.length();
            this.inspection = inspection;
        }

        void read() throws IOException {
            Table graph = file.root();
            Vector variables = items(graph.vector(1, 4), "variables");
            Vector nodes = items(graph.vector(2, 4), "nodes");
            for (long i = 0; i < variables.count(); i++) {
                variable(file.table(variables, i));
            }
            for (long i = 0; i < nodes.count(); i++) {
                node(file.table(nodes, i));
            }
            texts(graph.vector(5, 4));
            texts(graph.vector(6, 4));
            ByteSource training = graph.text(7, inspection.limits().headerBytes());
            if (training.length() != 0) {
                Entries.guarded(inspection, in -> Dl4jConfiguration.classes(Dl4jConfiguration.json(training, in), in));
            }
            updaters(items(graph.vector(8, 4), "updater states"));
            Table sequences = graph.leadsToEmpty(9) ? null : graph.table(9);
            if (sequences != null) {
                Vector all = items(sequences.vector(0, 4), "sequences");
                for (long i = 0; i < all.count(); i++) {
                    Table sequence = file.table(all, i);
                    arrays(sequence.vector(1, 4), sequence.string(0), Tensor.Role.CONSTANT);
                }
            }
            inspection.metadata("samediff.variables", Long.toString(variables.count()));
        }

        private Vector items(Vector vector, String what) throws IOException {
            if (vector.count() > inspection.limits().items()) {
                throw new Refusal(
                        FileRules.TOO_MANY,
                        vector.begin(),
                        "number of " + what + " must be <= "
                                + inspection.limits().items() + ", was " + vector.count());
            }
            return vector;
        }

        private List<String> texts(Vector vector) throws IOException {
            List<String> texts = new ArrayList<>();
            for (long i = 0; i < items(vector, "names").count(); i++) {
                texts.add(file.string(vector, i));
            }
            return texts;
        }

        private static long key(Table pair) throws IOException {
            return (long) pair.i32(0) << 32 | pair.i32(1) & 0xffffffffL;
        }

        private void variable(Table variable) throws IOException {
            String name = variable.string(1);
            Table id = variable.table(0);
            if (id == null || name.isEmpty()) {
                throw new Refusal(GRAPH, variable.at(), "a variable must have a name and a number, lacks one");
            }
            if (!names.add(name) || values.put(key(id), name) != null) {
                throw new Refusal(
                        GRAPH, variable.at(), "names and numbers of variables must be unique: " + Text.quote(name));
            }
            Table array = variable.table(4);
            if (array != null) {
                Tensor.Role role = variable.i8(6) == 0 ? Tensor.Role.PARAMETER : Tensor.Role.CONSTANT;
                array(array, name, role);
            }
        }

        private void node(Table node) throws IOException {
            String name = node.string(1);
            String type = node.string(16);
            int kind = node.i8(2);
            long number = node.i64(3);
            boolean custom = kind == CUSTOM;
            inspection.uses(
                    Use.OPERATOR,
                    type,
                    SameDiffOps.of(type, custom, number),
                    OPERATOR,
                    node.at(),
                    "an operator must be known and have the number of its name, was " + Text.quote(type) + " with "
                            + number);
            if (!custom && (number < Integer.MIN_VALUE || number > MOST_NUMBER)) {
                throw new Refusal(
                        OPERATOR, node.at(), "the number of an operator must be <= " + MOST_NUMBER + ", was " + number);
            }
            List<String> inputs = new ArrayList<>();
            Vector pairs = items(node.vector(6, 4), "inputs");
            for (long i = 0; i < pairs.count(); i++) {
                Table pair = file.table(pairs, i);
                String value = values.get(key(pair));
                if (value == null) {
                    throw new Refusal(
                            GRAPH,
                            pair.at(),
                            "an input must be a variable, is (" + pair.i32(0) + ", " + pair.i32(1) + "): "
                                    + Text.quote(name));
                }
                inputs.add(value);
            }
            inspection.operator(new Operator(name, type, inputs, texts(node.vector(15, 4))));
            Table scalar = node.table(18);
            if (scalar != null) {
                array(scalar, name + "/scalar", Tensor.Role.CONSTANT);
            }
            Vector properties = items(node.vector(4, 4), "properties");
            for (long i = 0; i < properties.count(); i++) {
                Table property = file.table(properties, i);
                arrays(property.vector(4, 4), name + "/" + property.string(0), Tensor.Role.CONSTANT);
                texts(property.vector(6, 4));
            }
        }

        private void updaters(Vector states) throws IOException {
            for (long i = 0; i < states.count(); i++) {
                Table state = file.table(states, i);
                arrays(state.vector(2, 4), "updater/" + state.string(0), Tensor.Role.PARAMETER);
            }
        }

        private void arrays(Vector arrays, String name, Tensor.Role role) throws IOException {
            for (long i = 0; i < items(arrays, "arrays").count(); i++) {
                array(file.table(arrays, i), name + "/" + i, role);
            }
        }

        private void array(Table array, String name, Tensor.Role role) throws IOException {
            Vector vector = array.vector(0, 8);
            if (vector.count() < 4 || vector.count() > 68 || vector.count() % 2 != 0) {
                throw new Refusal(
                        ARRAY, array.at(), "length of the shape must be even and in [4, 68], was " + vector.count());
            }
            long[] info = new long[(int) vector.count()];
            for (int i = 0; i < info.length; i++) {
                info[i] = file.i64(vector, i);
            }
            int rank = (info.length - 4) / 2;
            if (info[0] != rank) {
                throw new Refusal(ARRAY, array.at(), "rank must be " + rank + " by the length, was " + info[0]);
            }
            Type type = type(array.i8(2), array.at());
            Vector data = array.vector(1, 1);
            long extras = info[2 * rank + 1];
            if ((extras & ~(type.bits | EMPTY | PADDED)) != 0) {
                throw new Refusal(
                        ARRAY,
                        array.at(),
                        "flags of the shape must say the type " + type + " and no more, were 0x"
                                + Long.toHexString(extras));
            }
            if ((extras & EMPTY) != 0) {
                if (data.count() != 0) {
                    throw new Refusal(
                            ARRAY, array.at(), "an empty array must have no data, has " + data.count() + " bytes");
                }
                return;
            }
            List<Long> shape = Nd4jArray.shape(info, array.at());
            ByteOrder order = array.i8(3) == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
            arrayBytes += data.count();
            if (arrayBytes > length) {
                throw new Refusal(
                        FlatBuffer.RULE,
                        array.at(),
                        "arrays must not share their data, together they are longer than the file");
            }
            if (type == Type.UTF8) {
                inspection.tensor(
                        new Tensor(name, ElementType.OPAQUE, order, List.of(data.count()), Tensor.Role.CONSTANT));
                return;
            }
            Tensor tensor = new Tensor(name, type.element, order, shape, role);
            if (tensor.bytes() != data.count()) {
                throw new Refusal(
                        ARRAY,
                        array.at(),
                        "data must have " + tensor.bytes() + " bytes by the shape " + shape + ", has " + data.count());
            }
            inspection.tensor(tensor);
            inspection.data(tensor, file.window(data));
        }

        private static Type type(int number, long at) throws Refusal {
            for (Type type : Type.values()) {
                if (type.number == number) {
                    return type;
                }
            }
            throw new Refusal(ARRAY, at, "type of elements must be known, was " + number);
        }
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(
                List.of(OPERATOR, GRAPH, ARRAY, FlatBuffer.RULE, Nd4jArray.RULE, Dl4jConfiguration.CLASS));
        rules.addAll(Entries.RULES);
        rules.addAll(ZipReader.RULES);
        return List.copyOf(rules);
    }
}
