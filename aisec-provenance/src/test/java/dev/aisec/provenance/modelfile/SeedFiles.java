// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static dev.aisec.provenance.modelfile.Hdf5Writer.attribute;
import static dev.aisec.provenance.modelfile.Hdf5Writer.compact;
import static dev.aisec.provenance.modelfile.Hdf5Writer.floatBytes;
import static dev.aisec.provenance.modelfile.Hdf5Writer.groupInfo;
import static dev.aisec.provenance.modelfile.Hdf5Writer.link;
import static dev.aisec.provenance.modelfile.Hdf5Writer.space;
import static dev.aisec.provenance.modelfile.Hdf5Writer.type;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/** Small valid files of every format, made here: what fuzzers and the bypass corpus begin with. */
final class SeedFiles {
    /**
     * A file that must be accepted, except of the format {@code archive}.
     *
     * @param format the name of the format
     * @param name a name with the extension
     * @param bytes the content
     */
    record Seed(String format, String name, byte[] bytes) {}

    private SeedFiles() {}

    static List<Seed> all() {
        List<Seed> seeds = new ArrayList<>();
        add(seeds, "safetensors", "m.safetensors", safetensors(), safetensors("{}", 0));
        add(seeds, "gguf", "m.gguf", gguf(), ggufKeys());
        add(seeds, "keras", "m.keras", keras(kerasModel(dense(""))));
        add(seeds, "keras-h5", "m.h5", h5(kerasModel(dense(""))), h5Old(), h5Chunked());
        add(seeds, "dl4j", "m.zip", dl4j(), dl4jGraph());
        add(seeds, "samediff", "m.fb", samediff());
        add(seeds, "samediff", "m.sdz", zip("samediff.fb", samediff()));
        add(seeds, "pytorch", "m.pt", torch(stateDict(), "m/data/0", new byte[24], "m/data/1", new byte[8]));
        add(seeds, "pytorch-legacy", "m.pt", torchLegacy());
        add(seeds, "npz", "m.npz", zip("a.npy", npy("'<f4'", "(2,)", 8), "b.npy", npy("'<i8'", "()", 8)));
        add(seeds, "numpy", "m.npy", npy("'<f4'", "(2, 3)", 24), npy("[('a', '<f8'), ('b', '<i4', (2,))]", "(3,)", 48));
        add(seeds, "java-serialization", "m.ser", java(javaMap()), java(new double[] {1, 2}), java("text"));
        add(seeds, "model-json", "m.json", ascii(kerasModel(dense(""))));
        add(seeds, "pmml", "m.pmml", ascii(pmml(PMML_REGRESSION)), ascii(pmml(PMML_TREE)));
        add(seeds, "gzip", "m.gz", gzip(ascii("weights")));
        add(
                seeds,
                "zip",
                "m.zip",
                zip("readme.txt", ascii("text"), "a/b.json", ascii("{}")),
                TestZip.deflated("x.txt", ascii("text ".repeat(40))));
        add(seeds, "tar", "m.tar", tar("a.txt", ascii("text"), "dir/b.json", ascii("{}")));
        add(seeds, "archive", "m.7z", new byte[] {'7', 'z', (byte) 0xbc, (byte) 0xaf, 0x27, 0x1c, 0, 4});
        add(seeds, "onnx", "m.onnx", onnx(onnxGraph()), onnx(onnxBranch()));
        add(
                seeds,
                "tensorflow",
                "m.pb",
                tfGraph(tfNode("y", "Mul", "x", "w")).bytes(),
                tfSaved(tfGraph(), tfFunction()));
        add(seeds, "pickle", "m.pkl", pickle0(), pickle2(), pickle4());
        return List.copyOf(seeds);
    }

    private static void add(List<Seed> seeds, String format, String name, byte[]... files) {
        for (byte[] file : files) {
            seeds.add(new Seed(format, name, file));
        }
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // --- safetensors, GGUF ---

    static byte[] safetensors(String header, int data) {
        return Wire.of()
                .i64(ascii(header).length)
                .raw(ascii(header))
                .raw(new byte[data])
                .bytes();
    }

    static byte[] safetensors() {
        return safetensors(
                "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
                        + "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[16,24]}}",
                24);
    }

    static Wire ggufString(String text) {
        return Wire.of().i64(ascii(text).length).raw(ascii(text));
    }

    static Wire ggufPair(String key, int type, Wire value) {
        return Wire.of().raw(ggufString(key).bytes()).i32(type).raw(value.bytes());
    }

    static Wire ggufTensor(String name, int type, long offset, long... dims) {
        Wire tensor = Wire.of().raw(ggufString(name).bytes()).i32(dims.length);
        for (long dim : dims) {
            tensor.i64(dim);
        }
        return tensor.i32(type).i64(offset);
    }

    static byte[] ggufFile(long tensors, long pairs, int data, Wire... parts) {
        Wire file = Wire.of().i32(0x46554747).i32(3).i64(tensors).i64(pairs);
        for (Wire part : parts) {
            file.raw(part.bytes());
        }
        int padding = (32 - file.size() % 32) % 32;
        return file.raw(new byte[tensors == 0 ? 0 : padding + data]).bytes();
    }

    static byte[] gguf() {
        return ggufFile(
                2,
                2,
                64,
                ggufPair("general.architecture", 8, ggufString("llama")),
                ggufPair(
                        "tokenizer.ggml.tokens",
                        9,
                        Wire.of()
                                .i32(8)
                                .i64(2)
                                .raw(ggufString("a").bytes())
                                .raw(ggufString("b").bytes())),
                ggufTensor("w", 0, 0, 4, 2),
                ggufTensor("b", 0, 32, 8));
    }

    static byte[] ggufKeys() {
        return ggufFile(
                0,
                3,
                0,
                ggufPair("general.name", 8, ggufString("tiny")),
                ggufPair(
                        "tokenizer.chat_template",
                        8,
                        ggufString("{% for m in messages %}{{ m['content'] }}{% endfor %}")),
                ggufPair("llama.block_count", 4, Wire.of().i32(1)));
    }

    // --- Keras ---

    static String kerasModel(String layers) {
        return "{\"module\": \"keras\", \"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": ["
                + layers + "]}, \"registered_name\": null, \"build_config\": {\"input_shape\": [null, 4]}}";
    }

    static String dense(String more) {
        return layer("keras.layers", "Dense", "\"name\": \"d\", \"units\": 2" + more);
    }

    static String layer(String module, String type, String config) {
        return "{\"module\": \"" + module + "\", \"class_name\": \"" + type + "\", \"config\": {" + config
                + "}, \"registered_name\": null}";
    }

    static byte[] weights() {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.dataset(1, 2);
        return w.finish(w.object(groupInfo(), link("kernel", d)));
    }

    static byte[] keras(String config, Object... more) {
        List<Object> entries = new ArrayList<>(List.of(
                "metadata.json",
                ascii("{\"keras_version\": \"3.5.0\", \"date_saved\": \"2025-01-01@00:00:00\"}"),
                "config.json",
                ascii(config),
                "model.weights.h5",
                weights()));
        entries.addAll(Arrays.asList(more));
        return zip(entries.toArray());
    }

    static byte[] h5(String config) {
        Hdf5Writer w = new Hdf5Writer(false);
        long d = w.dataset(1, 2, 3);
        long g = w.object(groupInfo(), link("kernel:0", d));
        return w.finish(w.object(groupInfo(), link("dense", g), attribute("model_config", config)));
    }

    static byte[] h5Old() {
        Hdf5Writer w = new Hdf5Writer(true);
        long a = w.dataset(1, 2);
        return w.finish(w.oldGroup(List.of("bias"), List.of(a), List.of(attribute("backend", "tensorflow"))));
    }

    static byte[] h5Chunked() {
        Hdf5Writer w = new Hdf5Writer(false);
        long scalar = w.object(space(), type(Hdf5Writer.f32()), compact(floatBytes(1)));
        long half = w.object(space(3), type(Hdf5Writer.f16()), compact(new byte[6]));
        return w.finish(w.object(groupInfo(), link("scalar", scalar), link("half", half)));
    }

    // --- Deeplearning4j ---

    interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    static byte[] data(Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writing.to(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static byte[] nd4j(float... values) {
        return data(out -> {
            out.writeUTF("LONG_SHAPE");
            long[] info = {2, 1, values.length, values.length, 1, 0x2000, 1, 'c'};
            out.writeLong(info.length);
            out.writeUTF("LONG");
            for (long each : info) {
                out.writeLong(each);
            }
            out.writeUTF("MIXED_DATA_TYPES");
            out.writeLong(values.length);
            out.writeUTF("FLOAT");
            for (float value : values) {
                out.writeFloat(value);
            }
        });
    }

    static String dl4jLayer(String type) {
        return "{\"layer\": {\"@class\": \"" + type + "\", \"nin\": 1, \"nout\": 2}}";
    }

    static byte[] dl4j(String layer, Object... more) {
        List<Object> entries = new ArrayList<>(List.of(
                "configuration.json", ascii("{\"confs\": [" + layer + "]}"), "coefficients.bin", nd4j(1, 2, 3, 4)));
        entries.addAll(Arrays.asList(more));
        return zip(entries.toArray());
    }

    static byte[] dl4j() {
        return dl4j(dl4jLayer("org.deeplearning4j.nn.conf.layers.DenseLayer"));
    }

    static byte[] dl4jGraph() {
        return zip(
                "configuration.json",
                ascii(
                        "{\"vertices\": {\"a\": {\"@class\": \"org.deeplearning4j.nn.conf.graph.LayerVertex\", \"layerConf\": "
                                + dl4jLayer("org.deeplearning4j.nn.conf.layers.DenseLayer")
                                + "}}, \"vertexInputs\": {\"a\": [\"in\"]}}"),
                "coefficients.bin",
                nd4j(1, 2, 3, 4));
    }

    static Flat flatArray(long... info) {
        long count = 1;
        for (int i = 1; i <= info[0]; i++) {
            count *= info[i];
        }
        return Flat.table()
                .with(0, info)
                .with(1, new byte[(int) (4 * count)])
                .with(2, (byte) 5)
                .with(3, (byte) 0);
    }

    static Flat flatVariable(int id, String name, Flat array) {
        Flat variable = Flat.table()
                .with(0, Flat.table().with(0, id).with(1, 0))
                .with(1, name)
                .with(2, (byte) 5)
                .with(6, (byte) 0);
        return array == null ? variable : variable.with(4, array);
    }

    static Flat flatNode(String type, int kind, long number, int... inputs) {
        List<Flat> pairs = new ArrayList<>();
        for (int input : inputs) {
            pairs.add(Flat.table().with(0, input).with(1, 0));
        }
        return Flat.table()
                .with(0, 3)
                .with(1, "n")
                .with(2, (byte) kind)
                .with(3, number)
                .with(6, pairs)
                .with(15, List.of("y"))
                .with(16, type);
    }

    static byte[] samediff(Flat node) {
        return Flat.table()
                .with(
                        1,
                        List.of(
                                flatVariable(1, "w", flatArray(2, 1, 2, 2, 1, 0x2000, 1, 'c')),
                                flatVariable(2, "x", null)))
                .with(2, List.of(node))
                .file();
    }

    static byte[] samediff() {
        return samediff(flatNode("tanh", 3, 1, 2));
    }

    // --- PyTorch, NumPy, pickle ---

    static byte[] torch(byte[] pickle, Object... more) {
        List<Object> all = new ArrayList<>(
                List.of("m/data.pkl", pickle, "m/byteorder", ascii("little"), "m/version", ascii("3\n")));
        all.addAll(Arrays.asList(more));
        return zip(all.toArray());
    }

    static byte[] stateDict() {
        return PickleBytes.protocol(2)
                .global("collections", "OrderedDict")
                .ops(")R(")
                .text("fc.weight")
                .tensor("FloatStorage", "0", 6, 0, 2, 3)
                .text("fc.bias")
                .tensor("FloatStorage", "1", 2, 0, 1, 2)
                .ops("u")
                .stop();
    }

    static byte[] torchLegacy(byte[] model) {
        return new PickleBytes()
                .op(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.')
                .bytes(PickleBytes.protocol(2).ops("M").op(0xe9, 3).stop())
                .bytes(PickleBytes.protocol(2)
                        .ops("}")
                        .text("little_endian")
                        .op(0x88)
                        .ops("s")
                        .stop())
                .bytes(model)
                .bytes(PickleBytes.protocol(2).ops("](").text("0").ops("e").stop())
                .i64(2)
                .bytes(new byte[8])
                .done();
    }

    static byte[] torchLegacy() {
        return torchLegacy(PickleBytes.protocol(2)
                .ops("}")
                .text("w")
                .ops("ctorch._utils\n_rebuild_tensor_v2\n((")
                .text("storage")
                .global("torch", "FloatStorage")
                .text("0")
                .text("cpu")
                .integer(2)
                .ops("NtQ")
                .integer(0)
                .integer(2)
                .tuple(1)
                .integer(1)
                .tuple(1)
                .op(0x89)
                .global("collections", "OrderedDict")
                .ops(")RtRs")
                .stop());
    }

    static byte[] npy(String descr, String shape, int bytes) {
        String header = "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }";
        return Wire.of()
                .raw(0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, header.length() + 1, 0)
                .raw(ascii(header + "\n"))
                .raw(new byte[bytes])
                .bytes();
    }

    static byte[] pickle0() {
        return ascii("(dp0\nVweights\np1\n(lp2\nF1.5\naF-2.0\nasVn\np3\nI42\ns.");
    }

    static byte[] pickle2() {
        return PickleBytes.protocol(2)
                .ops("}q")
                .op(0)
                .ops("(")
                .text("a")
                .integer(7)
                .text("b")
                .ops("](K")
                .op(1)
                .ops("M")
                .op(0, 1)
                .ops("NG")
                .op(0x3f, 0xf8, 0, 0, 0, 0, 0, 0)
                .ops("eu")
                .stop();
    }

    static byte[] pickle4() {
        byte[] body = new PickleBytes()
                .op('}', 0x94, '(', 0x8c, 1, 'a', 0x94, 'C', 2, 1, 2, 0x8c, 1, 'b', 0x94, 0x8f, '(', 'K', 1, 0x90)
                .op('h', 1, 0x8a, 2, 1, 2, 'u', '.')
                .done();
        return PickleBytes.protocol(4).op(0x95).i64(body.length).bytes(body).done();
    }

    // --- Java, PMML ---

    static Object javaMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("w", new float[] {1, 2});
        map.put("n", 3);
        map.put("t", new TreeMap<>(Map.of("k", "v")));
        map.put("h", new HashMap<>(Map.of("k", 1.5)));
        return map;
    }

    static byte[] java(Object object) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static final String PMML_REGRESSION =
            "<RegressionModel modelName=\"m\" functionName=\"regression\"><MiningSchema><MiningField name=\"x\"/>"
                    + "</MiningSchema><RegressionTable intercept=\"1.0\"><NumericPredictor name=\"x\" coefficient=\"2.5e-1\"/>"
                    + "</RegressionTable></RegressionModel>";
    static final String PMML_TREE =
            "<!-- note --><TreeModel functionName=\"classification\"><Node score=\"a &amp; b\"><True/></Node></TreeModel>"
                    + "<ClusteringModel functionName=\"clustering\"><Array n=\"3\" type=\"real\">1 2.5 3</Array></ClusteringModel>";

    static String pmml(String content) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PMML version=\"4.4\" xmlns=\"http://www.dmg.org/PMML-4_4\">"
                + "<Header/><DataDictionary><DataField name=\"x\" optype=\"continuous\" dataType=\"double\"/></DataDictionary>"
                + content + "</PMML>\n";
    }

    // --- ONNX, TensorFlow ---

    static Wire onnxNode(String type, List<String> inputs, List<String> outputs, Wire... attributes) {
        Wire node = Wire.of();
        inputs.forEach(i -> node.b(1, i));
        outputs.forEach(o -> node.b(2, o));
        node.b(4, type);
        for (Wire attribute : attributes) {
            node.b(5, attribute);
        }
        return node;
    }

    static Wire onnxValue(String name) {
        return Wire.of()
                .b(1, name)
                .b(
                        2,
                        Wire.of()
                                .b(
                                        1,
                                        Wire.of()
                                                .v(1, 1)
                                                .b(2, Wire.of().b(1, Wire.of().v(1, 4)))));
    }

    static Wire onnxFloats(String name, int count) {
        return Wire.of().v(1, count).v(2, 1).b(8, name).b(9, new byte[4 * count]);
    }

    static Wire onnxGraph(Wire... more) {
        Wire graph = Wire.of()
                .b(1, onnxNode("Add", List.of("x", "w"), List.of("y")))
                .b(2, "g")
                .b(5, onnxFloats("w", 4))
                .b(11, onnxValue("x"))
                .b(12, onnxValue("y"));
        for (Wire each : more) {
            graph.raw(each.bytes());
        }
        return graph;
    }

    /** A graph with a condition and two branches. */
    static Wire onnxBranch() {
        Wire branch = Wire.of()
                .b(1, onnxNode("Identity", List.of("x"), List.of("o")))
                .b(2, "b")
                .b(12, onnxValue("o"));
        return Wire.of()
                .b(
                        1,
                        onnxNode(
                                "If",
                                List.of("c"),
                                List.of("y"),
                                Wire.of().b(1, "then_branch").b(6, branch).v(20, 5),
                                Wire.of().b(1, "else_branch").b(6, branch).v(20, 5)))
                .b(2, "g")
                .b(11, onnxValue("x"))
                .b(11, Wire.of().b(1, "c").b(2, Wire.of().b(1, Wire.of().v(1, 9).b(2, Wire.of()))))
                .b(12, onnxValue("y"));
    }

    static byte[] onnx(Wire graph, Wire... more) {
        Wire model = Wire.of()
                .v(1, 8)
                .b(2, "test")
                .b(7, graph)
                .b(8, Wire.of().b(1, "").v(2, 13));
        for (Wire each : more) {
            model.raw(each.bytes());
        }
        return model.bytes();
    }

    static Wire tfNode(String name, String operator, String... inputs) {
        Wire node = Wire.of().b(1, name).b(2, operator);
        for (String input : inputs) {
            node.b(3, input);
        }
        return node;
    }

    static Wire tfAttribute(String key, Wire value) {
        return Wire.of().b(1, key).b(2, value);
    }

    static Wire tfShape(long... dims) {
        Wire shape = Wire.of();
        for (long dim : dims) {
            shape.b(2, Wire.of().v(1, dim));
        }
        return shape;
    }

    static Wire tfConstant(String name, Wire tensor) {
        return tfNode(name, "Const")
                .b(5, tfAttribute("dtype", Wire.of().v(6, 1)))
                .b(5, tfAttribute("value", Wire.of().b(8, tensor)));
    }

    static Wire tfGraph(Wire... nodes) {
        Wire graph = Wire.of()
                .b(1, tfNode("x", "Placeholder"))
                .b(1, tfConstant("w", Wire.of().v(1, 1).b(2, tfShape(4)).b(4, new byte[16])));
        for (Wire node : nodes) {
            graph.b(1, node);
        }
        return graph;
    }

    static Wire tfFunction(Wire... nodes) {
        Wire function = Wire.of().b(1, Wire.of().b(1, "f").b(2, Wire.of().b(1, "a")));
        function.b(3, tfNode("n", "Neg", "a"));
        for (Wire node : nodes) {
            function.b(3, node);
        }
        return Wire.of().b(2, Wire.of().b(1, function));
    }

    static byte[] tfSaved(Wire graph, Wire... library) {
        for (Wire each : library) {
            graph.raw(each.bytes());
        }
        Wire meta = Wire.of().b(1, Wire.of().b(4, "serve").b(5, "2.16.1")).b(2, graph);
        return Wire.of().v(1, 1).b(2, meta).bytes();
    }

    // --- containers ---

    /** Names and contents in turn; nothing is compressed. */
    static byte[] zip(Object... namesAndContents) {
        try {
            return TestZip.stored(namesAndContents);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] gzip(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    static byte[] tar(Object... namesAndContents) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < namesAndContents.length; i += 2) {
            tarEntry(out, (String) namesAndContents[i], '0', "", (byte[]) namesAndContents[i + 1]);
        }
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }

    static void tarEntry(ByteArrayOutputStream out, String name, char type, String target, byte[] content) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644\0" + "0000000\0" + "0000000\0");
        put(header, 124, String.format(Locale.ROOT, "%011o\0", content.length) + "00000000000\0" + "        ");
        header[156] = (byte) type;
        put(header, 157, target);
        put(header, 257, "ustar\00000");
        tarChecksum(header, 0);
        out.writeBytes(header);
        out.writeBytes(Arrays.copyOf(content, (content.length + 511) / 512 * 512));
    }

    private static void put(byte[] into, int at, String text) {
        byte[] bytes = ascii(text);
        System.arraycopy(bytes, 0, into, at, bytes.length);
    }

    /** Writes the right checksum into the header at a place. */
    static void tarChecksum(byte[] file, int at) {
        Arrays.fill(file, at + 148, at + 156, (byte) ' ');
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += file[at + i] & 0xff;
        }
        put(file, at + 148, String.format(Locale.ROOT, "%06o\0 ", sum));
    }
}
