// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The formats that are built in. */
public final class ModelFormats {
    private ModelFormats() {}

    /**
     * All of them. Where several claim content without certainty, the first in the list reads it.
     *
     * @return an immutable list
     */
    public static List<ModelFormat> builtIn() {
        return List.of(
                new SafetensorsFormat(),
                new GgufFormat(),
                new KerasFormat(),
                new KerasH5Format(),
                new Dl4jFormat(),
                new SameDiffFormat(),
                new PyTorchFormat(),
                new PyTorchLegacyFormat(),
                new NpzFormat(),
                new NumpyFormat(),
                new JavaSerializationFormat(),
                new PmmlFormat(),
                new ModelJsonFormat(),
                new GzipFormat(),
                new OpaqueArchiveFormat(),
                new ZipFormat(),
                new TarFormat(),
                new OnnxFormat(),
                new TensorFlowFormat(),
                new PickleFormat());
    }

    /**
     * The rules that a verifier with these formats checks: those of every file, of the policy, and of the formats.
     *
     * @param formats the formats
     * @return the rules, each code once
     */
    public static List<Rule> rules(List<ModelFormat> formats) {
        Map<String, Rule> rules = new LinkedHashMap<>();
        FileRules.ALL.forEach(rule -> rules.putIfAbsent(rule.code(), rule));
        ParameterRules.ALL.forEach(rule -> rules.putIfAbsent(rule.code(), rule));
        VerificationPolicy.RULES.forEach(rule -> rules.putIfAbsent(rule.code(), rule));
        for (ModelFormat format : formats) {
            format.rules().forEach(rule -> rules.putIfAbsent(rule.code(), rule));
        }
        return List.copyOf(rules.values());
    }
}
