// SPDX-License-Identifier: Apache-2.0
package dev.aisec.nd4j.engine;

import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonBoolean;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.core.model.Bounds;
import dev.aisec.core.model.Shape;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Layers as JSON: a layer is the object of its record's components, under the name of its type. Only the permitted types
 * of {@link LayerSpec} can be made, each by its checked constructor.
 */
final class SpecJson {
    /** Layers of a file, at most. */
    private static final int LAYERS = 10_000;

    private SpecJson() {}

    static JsonValue write(NetworkSpec network, Bounds bounds) {
        Map<String, JsonValue> object = new LinkedHashMap<>();
        object.put("format", JsonValue.of("aisec-network-1"));
        object.put("input", value(network.input()));
        List<JsonValue> lower = new ArrayList<>();
        List<JsonValue> upper = new ArrayList<>();
        for (int i = 0; i < (bounds.isUniform() ? 1 : bounds.features()); i++) {
            lower.add(JsonValue.of(bounds.lower(i)));
            upper.add(JsonValue.of(bounds.upper(i)));
        }
        object.put("lower", new JsonArray(lower));
        object.put("upper", new JsonArray(upper));
        List<JsonValue> layers = new ArrayList<>();
        for (NetworkSpec.Layer layer : network.layers()) {
            Map<String, JsonValue> members = new LinkedHashMap<>();
            members.put("name", JsonValue.of(layer.name()));
            members.put(
                    "inputs",
                    new JsonArray(layer.inputs().stream().map(JsonValue::of).toList()));
            members.put("frozen", JsonValue.of(layer.frozen()));
            members.put("type", JsonValue.of(layer.spec().getClass().getSimpleName()));
            members.put("parameters", value(layer.spec()));
            layers.add(new JsonObject(members));
        }
        object.put("layers", new JsonArray(layers));
        return new JsonObject(object);
    }

    private static JsonValue value(Object value) {
        if (value instanceof Shape shape) {
            List<JsonValue> dimensions = new ArrayList<>();
            for (int d : shape.toArray()) {
                dimensions.add(JsonValue.of(d));
            }
            return new JsonArray(dimensions);
        } else if (value instanceof Integer i) {
            return JsonValue.of(i);
        } else if (value instanceof Double d) {
            return JsonValue.of(d);
        } else if (value instanceof Boolean b) {
            return JsonValue.of(b);
        } else if (value instanceof Enum<?> e) {
            return JsonValue.of(e.name());
        }
        Map<String, JsonValue> members = new LinkedHashMap<>();
        for (RecordComponent c : value.getClass().getRecordComponents()) {
            try {
                members.put(c.getName(), value(c.getAccessor().invoke(value)));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
        return new JsonObject(members);
    }

    /** What a file tells beside the parameters. */
    record Read(NetworkSpec network, Bounds bounds) {}

    /**
     * Reads what was written.
     *
     * @throws IllegalArgumentException with what, rule and value, if it is not a network
     */
    static Read read(JsonValue json) {
        JsonObject object = object("network", json);
        only("network", object, "format", "input", "lower", "upper", "layers");
        String format = text("format", object.members().get("format"));
        if (!format.equals("aisec-network-1")) {
            throw new IllegalArgumentException("format must be aisec-network-1, was " + format);
        }
        Shape input = shape("input", object.members().get("input"));
        float[] lower = floats("lower", object.members().get("lower"));
        float[] upper = floats("upper", object.members().get("upper"));
        if (lower.length != upper.length || lower.length != 1 && lower.length != input.size()) {
            throw new IllegalArgumentException("lower and upper must have 1 or " + input.size() + " values, had "
                    + lower.length + " and " + upper.length);
        }
        List<JsonValue> items = array("layers", object.members().get("layers"));
        if (items.size() > LAYERS) {
            throw new IllegalArgumentException("layers must be at most " + LAYERS + ", were " + items.size());
        }
        List<NetworkSpec.Layer> layers = new ArrayList<>();
        for (JsonValue item : items) {
            JsonObject layer = object("layer", item);
            only("layer", layer, "name", "inputs", "frozen", "type", "parameters");
            String name = text("name", layer.members().get("name"));
            List<String> inputs = array("inputs", layer.members().get("inputs")).stream()
                    .map(v -> text("inputs", v))
                    .toList();
            boolean frozen =
                    (Boolean) component("frozen", boolean.class, layer.members().get("frozen"));
            LayerSpec spec = (LayerSpec) record(
                    "layer " + name,
                    type(text("type", layer.members().get("type"))),
                    layer.members().get("parameters"));
            layers.add(new NetworkSpec.Layer(name, spec, inputs, frozen));
        }
        Bounds bounds = lower.length == 1 ? Bounds.of(lower[0], upper[0]) : Bounds.perFeature(lower, upper);
        return new Read(new NetworkSpec(input, layers), bounds);
    }

    private static Class<?> type(String name) {
        for (Class<?> c : Objects.requireNonNull(LayerSpec.class.getPermittedSubclasses())) {
            if (c.getSimpleName().equals(name)) {
                return c;
            }
        }
        throw new IllegalArgumentException("type must be a layer of the engine, was " + name);
    }

    private static Object record(String where, Class<?> type, @Nullable JsonValue json) {
        JsonObject object = object(where, json);
        RecordComponent[] components = type.getRecordComponents();
        String[] names = new String[components.length];
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            names[i] = components[i].getName();
            types[i] = components[i].getType();
            values[i] = component(
                    where + ", " + names[i], types[i], object.members().get(names[i]));
        }
        only(where, object, names);
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(
                    where + ": " + e.getTargetException().getMessage(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object component(String where, Class<?> type, @Nullable JsonValue json) {
        if (type == int.class) {
            return integer(where, json);
        } else if (type == double.class && json instanceof JsonNumber n) {
            return n.value();
        } else if (type == boolean.class && json instanceof JsonBoolean b) {
            return b.value();
        } else if (type == Shape.class) {
            return shape(where, json);
        } else if (type.isEnum()) {
            String name = text(where, json);
            for (Object constant : type.getEnumConstants()) {
                if (((Enum<?>) constant).name().equals(name)) {
                    return constant;
                }
            }
            throw new IllegalArgumentException(
                    where + " must be one of " + java.util.Arrays.toString(type.getEnumConstants()) + ", was " + name);
        } else if (type.isRecord()) {
            return record(where, type, json);
        }
        throw new IllegalArgumentException(where + " must be a " + type.getSimpleName() + ", was " + kind(json));
    }

    private static int integer(String where, @Nullable JsonValue json) {
        if (json instanceof JsonNumber n && n.value() == (int) n.value()) {
            return (int) n.value();
        }
        throw new IllegalArgumentException(where + " must be a whole number below 2^31, was "
                + (json instanceof JsonNumber n ? String.valueOf(n.value()) : kind(json)));
    }

    static Shape shape(String where, @Nullable JsonValue json) {
        List<JsonValue> items = array(where, json);
        int[] dimensions = new int[items.size()];
        for (int i = 0; i < dimensions.length; i++) {
            dimensions[i] = integer(where, items.get(i));
        }
        return Shape.of(dimensions);
    }

    private static float[] floats(String where, @Nullable JsonValue json) {
        List<JsonValue> items = array(where, json);
        float[] values = new float[items.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (double) (Double) component(where, double.class, items.get(i));
        }
        return values;
    }

    static JsonObject object(String where, @Nullable JsonValue json) {
        if (json instanceof JsonObject object) {
            return object;
        }
        throw new IllegalArgumentException(where + " must be an object, was " + kind(json));
    }

    static List<JsonValue> array(String where, @Nullable JsonValue json) {
        if (json instanceof JsonArray array) {
            return array.items();
        }
        throw new IllegalArgumentException(where + " must be an array, was " + kind(json));
    }

    static String text(String where, @Nullable JsonValue json) {
        if (json instanceof JsonString string) {
            return string.value();
        }
        throw new IllegalArgumentException(where + " must be a string, was " + kind(json));
    }

    private static void only(String where, JsonObject object, String... names) {
        for (String name : object.members().keySet()) {
            if (!List.of(names).contains(name)) {
                throw new IllegalArgumentException(where + " must have " + List.of(names) + " only, has " + name);
            }
        }
    }

    private static String kind(@Nullable JsonValue json) {
        return json == null ? "missing" : json.getClass().getSimpleName();
    }
}
