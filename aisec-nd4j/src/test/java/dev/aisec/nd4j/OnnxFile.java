// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * A writer of small ONNX files (opset 13): layers one after the other, float weights.
 *
 * <p>The input is "x", float (N, dimensions of one example); the output of the last layer is "logits". Numbers of fields
 * are those of onnx.proto3.
 */
public final class OnnxFile {
    private static final int FLOAT = 1;
    private static final int ATTRIBUTE_FLOAT = 1;
    private static final int ATTRIBUTE_INT = 2;
    private static final int ATTRIBUTE_INTS = 7;

    private final int[] input;
    private final Message initializers = new Message();
    private final Message nodes = new Message();

    /** Held back until its output has a name: that of the last node is "logits". */
    private Consumer<Message> last = m -> {};

    private int[] dims;
    private String value = "x";
    private int count;

    private OnnxFile(int[] input) {
        this.input = input;
        this.dims = input;
    }

    /**
     * A file without layers.
     *
     * @param inputDims dimensions of one example
     * @return the builder
     */
    public static OnnxFile builder(int... inputDims) {
        return new OnnxFile(inputDims.clone());
    }

    /**
     * A square convolution.
     *
     * @param w weights (outC, inC, k, k)
     * @param b biases
     * @param outC maps that come out
     * @param inC maps that go in
     * @param k height and width of the kernel
     * @param stride step
     * @param pad zeros on each side
     * @return this
     */
    public OnnxFile conv(float[] w, float[] b, int outC, int inC, int k, int stride, int pad) {
        return conv(w, b, outC, inC, k, stride, pad, 1, 1);
    }

    /**
     * A square convolution.
     *
     * @param w weights (outC, inC / group, k, k)
     * @param b biases
     * @param outC maps that come out
     * @param inC maps that go in
     * @param k height and width of the kernel
     * @param stride step
     * @param pad zeros on each side
     * @param dilation step between the kernel's cells
     * @param group number of groups of maps
     * @return this
     */
    public OnnxFile conv(float[] w, float[] b, int outC, int inC, int k, int stride, int pad, int dilation, int group) {
        requireDims(3, inC);
        int reach = dilation * (k - 1) + 1;
        node(
                "Conv",
                new int[] {outC, outOf(dims[1], reach, stride, pad), outOf(dims[2], reach, stride, pad)},
                attributes -> {
                    ints(attributes, "kernel_shape", k, k);
                    ints(attributes, "strides", stride, stride);
                    ints(attributes, "pads", pad, pad, pad, pad);
                    ints(attributes, "dilations", dilation, dilation);
                    integer(attributes, "group", group);
                },
                tensor(w, outC, inC / group, k, k),
                tensor(b, outC));
        return this;
    }

    /**
     * The larger of zero and the value.
     *
     * @return this
     */
    public OnnxFile relu() {
        node("Relu", dims, attributes -> {});
        return this;
    }

    /**
     * Square maximum pooling without padding.
     *
     * @param k height and width of the window
     * @param stride step
     * @return this
     */
    public OnnxFile maxPool(int k, int stride) {
        requireDims(3, dims[0]);
        node("MaxPool", new int[] {dims[0], outOf(dims[1], k, stride, 0), outOf(dims[2], k, stride, 0)}, attributes -> {
            ints(attributes, "kernel_shape", k, k);
            ints(attributes, "strides", stride, stride);
        });
        return this;
    }

    /**
     * All dimensions of an example in one.
     *
     * @return this
     */
    public OnnxFile flatten() {
        node("Flatten", new int[] {Arrays.stream(dims).reduce(1, Math::multiplyExact)}, attributes -> {});
        return this;
    }

    /**
     * A dense layer.
     *
     * @param w weights (out, in)
     * @param b biases
     * @param out values that come out
     * @param in values that go in
     * @return this
     */
    public OnnxFile gemm(float[] w, float[] b, int out, int in) {
        requireDims(1, in);
        node(
                "Gemm",
                new int[] {out},
                attributes -> integer(attributes, "transB", 1),
                tensor(w, out, in),
                tensor(b, out));
        return this;
    }

    /**
     * Batch normalisation as of inference.
     *
     * @param scale γ of each map
     * @param shift β of each map
     * @param mean mean of each map
     * @param variance variance of each map
     * @param epsilon added to the variance
     * @return this
     */
    public OnnxFile batchNormalization(float[] scale, float[] shift, float[] mean, float[] variance, float epsilon) {
        int c = dims[0];
        node(
                "BatchNormalization",
                dims,
                attributes -> real(attributes, "epsilon", epsilon),
                tensor(scale, c),
                tensor(shift, c),
                tensor(mean, c),
                tensor(variance, c));
        return this;
    }

    /**
     * A constant added to each example.
     *
     * @param b as many values as an example has here
     * @return this
     */
    public OnnxFile add(float[] b) {
        node("Add", dims, attributes -> {}, tensor(b, dims));
        return this;
    }

    /**
     * Dimensions of one example behind the last layer.
     *
     * @return a copy
     */
    public int[] dims() {
        return dims.clone();
    }

    /**
     * The file.
     *
     * @return bytes of a ModelProto
     */
    public byte[] bytes() {
        if (count == 0) {
            throw new IllegalStateException("a graph must have >= 1 layers, had 0");
        }
        Message graph = new Message().all(nodes);
        Message node = new Message();
        last.accept(node.string(2, "logits"));
        graph.message(1, node)
                .string(2, "graph")
                .all(initializers)
                .message(11, valueInfo("x", input))
                .message(12, valueInfo("logits", dims));
        return new Message()
                .varint(1, 7) // ir_version that belongs to opset 13
                .string(2, "aisec")
                .message(7, graph)
                .message(8, new Message().string(1, "").varint(2, 13))
                .toByteArray();
    }

    private void node(String type, int[] out, Consumer<Message> attributes, String... weights) {
        if (count > 0) {
            value = "v" + count;
            Message before = new Message();
            last.accept(before.string(2, value));
            nodes.message(1, before);
        }
        String from = value;
        String name = type + count++;
        last = node -> {
            node.string(1, from);
            for (String weight : weights) {
                node.string(1, weight);
            }
            node.string(3, name).string(4, type);
            attributes.accept(node);
        };
        dims = out;
    }

    private String tensor(float[] values, int... shape) {
        int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (values.length != size) {
            throw new IllegalArgumentException("weights of shape " + Arrays.toString(shape) + " must have " + size
                    + " values, had " + values.length);
        }
        // Every weight has the name of its place in the list.
        String name = "w" + initializers.fields;
        Message tensor = new Message();
        for (int d : shape) {
            tensor.varint(1, d);
        }
        ByteBuffer raw = ByteBuffer.allocate(4 * size).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        initializers.message(5, tensor.varint(2, FLOAT).string(8, name).bytes(9, raw.array()));
        return name;
    }

    private void requireDims(int rank, int first) {
        if (dims.length != rank || dims[0] != first) {
            throw new IllegalArgumentException("layer must take " + rank + " dimensions, the first of them " + first
                    + ", was given " + Arrays.toString(dims));
        }
    }

    private static int outOf(int size, int reach, int stride, int pad) {
        return (size + 2 * pad - reach) / stride + 1;
    }

    private static void ints(Message node, String name, int... values) {
        Message attribute = new Message().string(1, name);
        for (int v : values) {
            attribute.varint(8, v);
        }
        node.message(5, attribute.varint(20, ATTRIBUTE_INTS));
    }

    private static void integer(Message node, String name, int v) {
        node.message(5, new Message().string(1, name).varint(3, v).varint(20, ATTRIBUTE_INT));
    }

    private static void real(Message node, String name, float v) {
        node.message(5, new Message().string(1, name).fixed32(2, v).varint(20, ATTRIBUTE_FLOAT));
    }

    private static Message valueInfo(String name, int[] dims) {
        Message shape = new Message().message(1, new Message().string(2, "N"));
        for (int d : dims) {
            shape.message(1, new Message().varint(1, d));
        }
        Message tensor = new Message().varint(1, FLOAT).message(2, shape);
        return new Message().string(1, name).message(2, new Message().message(1, tensor));
    }

    /** A protobuf message. */
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private int fields;

        Message varint(int field, long v) {
            tag(field, 0);
            raw(v);
            return this;
        }

        Message fixed32(int field, float v) {
            tag(field, 5);
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(v)
                    .array());
            return this;
        }

        Message bytes(int field, byte[] v) {
            tag(field, 2);
            raw(v.length);
            out.writeBytes(v);
            return this;
        }

        Message string(int field, String v) {
            return bytes(field, v.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message v) {
            return bytes(field, v.toByteArray());
        }

        Message all(Message other) {
            out.writeBytes(other.toByteArray());
            return this;
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }

        private void tag(int field, int wireType) {
            fields++;
            raw((long) field << 3 | wireType);
        }

        private void raw(long v) {
            long rest = v;
            while ((rest & ~0x7FL) != 0) {
                out.write((int) (rest & 0x7F | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }
    }
}
