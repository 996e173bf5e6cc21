// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.model.ParameterLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The same function with fewer steps, for inference: batch normalisation behind a dense or convolution layer goes into its
 * weights, an activation behind it into its read-back. Parameters are those of the original; the folded ones are made of
 * them.
 */
final class Folding {
    private final Plan original;
    private final Plan folded;
    /** Batch normalisations that went into a layer, in order. */
    private final Map<String, List<NetworkSpec.Layer>> absorbed = new HashMap<>();

    private Folding(Plan original) {
        this.original = original;
        this.folded = new Plan(fold(original.spec), false);
    }

    /** The folding, if it changes anything. */
    static java.util.Optional<Folding> of(Plan original) {
        Folding folding = new Folding(original);
        return folding.folded.ops.length == original.ops.length
                ? java.util.Optional.empty()
                : java.util.Optional.of(folding);
    }

    Plan plan() {
        return folded;
    }

    private NetworkSpec fold(NetworkSpec spec) {
        Map<String, List<NetworkSpec.Layer>> readers = new HashMap<>();
        for (NetworkSpec.Layer l : spec.layers()) {
            for (String from : l.inputs()) {
                readers.computeIfAbsent(from, k -> new ArrayList<>()).add(l);
            }
        }
        Map<String, String> renamed = new HashMap<>();
        Set<String> gone = new HashSet<>();
        List<NetworkSpec.Layer> result = new ArrayList<>();
        for (NetworkSpec.Layer l : spec.layers()) {
            if (gone.contains(l.name())) {
                continue;
            }
            NetworkSpec.Layer merged = l;
            String end = l.name();
            while (true) {
                List<NetworkSpec.Layer> next = readers.getOrDefault(end, List.of());
                NetworkSpec.Layer joined = next.size() == 1 ? join(merged, next.get(0)) : null;
                if (joined == null) {
                    break;
                }
                merged = joined;
                end = next.get(0).name();
                gone.add(end);
                if (next.get(0).spec() instanceof LayerSpec.BatchNorm) {
                    absorbed.computeIfAbsent(l.name(), k -> new ArrayList<>()).add(next.get(0));
                }
            }
            renamed.put(end, l.name());
            List<String> inputs = l.inputs().stream()
                    .map(name -> renamed.getOrDefault(name, name))
                    .toList();
            result.add(new NetworkSpec.Layer(l.name(), merged.spec(), inputs));
        }
        return new NetworkSpec(spec.input(), result);
    }

    /** A layer that does what both do; null if there is none. */
    private static NetworkSpec.@org.jspecify.annotations.Nullable Layer join(
            NetworkSpec.Layer layer, NetworkSpec.Layer next) {
        LayerSpec spec = layer.spec();
        Activation activation = spec instanceof LayerSpec.Dense d
                ? d.activation()
                : spec instanceof LayerSpec.Convolution c ? c.activation() : null;
        if (activation == null || activation.kind() != Activation.Kind.IDENTITY) {
            return null;
        }
        boolean bias = spec instanceof LayerSpec.Dense d ? d.bias() : ((LayerSpec.Convolution) spec).bias();
        if (next.spec() instanceof LayerSpec.BatchNorm) {
            bias = true;
        } else if (next.spec() instanceof LayerSpec.Activate a) {
            activation = a.activation();
        } else if (!(next.spec() instanceof LayerSpec.Dropout)) {
            return null;
        }
        LayerSpec joined = spec instanceof LayerSpec.Dense d
                ? new LayerSpec.Dense(d.outputs(), bias, activation)
                : ((LayerSpec.Convolution) spec).with(bias, activation);
        return new NetworkSpec.Layer(layer.name(), joined, layer.inputs());
    }

    /** The parameters of the folded network. */
    float[] parameters(float[] flat) {
        Map<String, ParameterLayout.Tensor> from = new HashMap<>();
        for (ParameterLayout.Tensor t : original.layout.tensors()) {
            from.put(t.name(), t);
        }
        float[] result = new float[folded.layout.size()];
        for (ParameterLayout.Tensor to : folded.layout.tensors()) {
            ParameterLayout.Tensor t = from.get(to.name());
            if (t != null) {
                System.arraycopy(
                        flat, t.offset(), result, to.offset(), t.shape().size());
            }
        }
        Map<String, ParameterLayout.Tensor> target = new HashMap<>();
        for (ParameterLayout.Tensor t : folded.layout.tensors()) {
            target.put(t.name(), t);
        }
        absorbed.forEach((name, norms) -> {
            ParameterLayout.Tensor weight = target.get(name + ".weight");
            ParameterLayout.Tensor bias = target.get(name + ".bias");
            if (weight == null || bias == null) {
                throw new IllegalStateException("layer " + name + " lost its parameters");
            }
            int outputs = bias.shape().size();
            int row = weight.shape().size() / outputs;
            for (int o = 0; o < outputs; o++) {
                double scale = 1;
                double shift = result[bias.offset() + o];
                for (NetworkSpec.Layer norm : norms) {
                    LayerSpec.BatchNorm b = (LayerSpec.BatchNorm) norm.spec();
                    double gamma = b.affine() ? value(flat, from, norm.name() + ".gamma", o) : b.gamma();
                    double beta = b.affine() ? value(flat, from, norm.name() + ".beta", o) : b.beta();
                    double a = gamma / Math.sqrt(value(flat, from, norm.name() + ".variance", o) + b.epsilon());
                    scale *= a;
                    shift = a * (shift - value(flat, from, norm.name() + ".mean", o)) + beta;
                }
                result[bias.offset() + o] = (float) shift;
                for (int i = weight.offset() + o * row; i < weight.offset() + (o + 1) * row; i++) {
                    result[i] = (float) (result[i] * scale);
                }
            }
        });
        return result;
    }

    private static double value(float[] flat, Map<String, ParameterLayout.Tensor> from, String name, int index) {
        ParameterLayout.Tensor t = from.get(name);
        if (t == null) {
            throw new IllegalStateException("no parameter " + name);
        }
        return flat[t.offset() + index];
    }
}
