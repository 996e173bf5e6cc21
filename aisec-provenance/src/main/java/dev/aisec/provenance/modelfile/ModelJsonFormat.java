// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The configuration of a network without its weights: JSON as {@code model.to_json} of Keras or {@code toJson} of
 * Deeplearning4j write it, alone or as an entry of an archive. A loader makes objects of the classes that it names, so it is
 * judged like the configuration within a model. Keras builds the layers of {@code config.json} before it looks for any other
 * entry, so an archive with nothing else in it is dangerous as well.
 *
 * <p>Guarantee: an object with {@code class_name} and {@code config}, or with {@code confs} or {@code vertices}, at its
 * root is judged, however its keys are escaped. Limits: other JSON is text, and its words are not judged.
 */
record ModelJsonFormat() implements ModelFormat {
    private static final int PIECE = 1 << 13;
    /** Longer keys are none of those that are looked for, even if each character is escaped. */
    private static final int MOST_KEY = 128;

    @Override
    public String name() {
        return "model-json";
    }

    @Override
    public List<String> extensions() {
        return List.of("json");
    }

    @Override
    public Claim recognizes(Probe probe) throws IOException {
        Set<String> keys = keys(probe);
        return keras(keys) || dl4j(keys) ? Claim.CERTAIN : Claim.NONE;
    }

    private static boolean keras(Set<String> keys) {
        return keys.contains("class_name") && keys.contains("config");
    }

    private static boolean dl4j(Set<String> keys) {
        return keys.contains("confs") || keys.contains("vertices") && keys.contains("networkInputs");
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        Set<String> keys = keys(new Probe("", source, inspection.limits()));
        if (dl4j(keys)) {
            Dl4jConfiguration.read(source, inspection);
        }
        if (keras(keys) || !dl4j(keys)) {
            int most = inspection.limits().headerBytes();
            if (source.length() > most) {
                throw new Refusal(
                        FileRules.TOO_LARGE,
                        -1,
                        "a configuration must have <= " + most + " bytes, has " + source.length());
            }
            KerasConfig.read(source.read(0, (int) source.length()), true, inspection);
        }
    }

    /** The keys of the object at the root that are looked for; JSON need not be well-formed for that. */
    private static Set<String> keys(Probe probe) throws IOException {
        Set<String> keys = new HashSet<>();
        ByteSource source = probe.source();
        byte[] piece = probe.head();
        int first = probe.startsWith(0xef, 0xbb, 0xbf) ? 3 : 0;
        while (first < piece.length && " \t\r\n".indexOf(piece[first]) >= 0) {
            first++;
        }
        if (first < piece.length && piece[first] != '{') {
            return keys;
        }
        StringBuilder key = new StringBuilder();
        int depth = 0;
        boolean string = false;
        boolean escaped = false;
        for (long at = 0; at < source.length(); at += piece.length) {
            piece = source.read(at, (int) Math.min(PIECE, source.length() - at));
            for (byte b : piece) {
                if (string) {
                    if (!escaped && b == '"') {
                        string = false;
                    } else if (depth == 1 && key.length() < MOST_KEY) {
                        key.append((char) (b & 0xff));
                    }
                    escaped = !escaped && b == '\\';
                } else if (b == '"') {
                    string = true;
                    escaped = false;
                    key.setLength(0);
                } else if (b == ':' && depth == 1) {
                    found(key, keys);
                } else if (b == '{' || b == '[') {
                    depth++;
                } else if (b == '}' || b == ']') {
                    depth--;
                } else if (depth == 0 && b > ' ') {
                    return keys;
                }
            }
            probe.worked(piece.length / 64);
        }
        return keys;
    }

    private static void found(StringBuilder raw, Set<String> keys) {
        StringBuilder key = new StringBuilder();
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '\\' && i + 5 < raw.length() && raw.charAt(i + 1) == 'u') {
                try {
                    key.append((char) Integer.parseInt(raw, i + 2, i + 6, 16));
                } catch (NumberFormatException e) {
                    return;
                }
                i += 5;
            } else {
                key.append(c);
            }
        }
        switch (key.toString()) {
            case "class_name", "config", "confs", "vertices", "networkInputs" -> keys.add(key.toString());
            default -> {}
        }
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(KerasConfig.RULES);
        rules.addAll(List.of(Dl4jConfiguration.CLASS, Dl4jConfiguration.CONFIGURATION));
        return List.copyOf(rules);
    }
}
