// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * GGUF files of versions 2 and 3, in both byte orders. Counts are compared with what is left before anything is read; keys
 * and names stand once; tensors follow each other with no more than the padding of their alignment between; chat templates
 * use only what templates of models need.
 *
 * <p>Limits: what a template prints is not judged, nor whether metadata and tensors make a working model.
 *
 * <p>Source: gguf.md of ggml; CVE-2024-21802, CVE-2024-21825, CVE-2024-21836, CVE-2024-23496, CVE-2024-23605,
 * CVE-2024-34359, CVE-2025-53630.
 */
record GgufFormat() implements ModelFormat {
    static final Rule VERSION = Rule.cannotInspect(
            "gguf.version", "The version of the format is not supported here.", "GGUF specification");
    static final Rule COUNT = Rule.reject(
            "gguf.count",
            "A count or length is higher than the file can hold: readers that trust it allocate or overflow.",
            "CVE-2024-23496, CVE-2024-23605, CVE-2024-21825");
    static final Rule METADATA =
            Rule.reject("gguf.metadata", "A key or value is not what the format asks for.", "GGUF specification");
    static final Rule DUPLICATE =
            Rule.reject("gguf.duplicate", "A key or the name of a tensor stands twice.", "GGUF specification; CWE-436");
    static final Rule ALIGNMENT = Rule.reject(
            "gguf.alignment", "The alignment is no power of two in a reasonable range.", "GGUF specification");
    static final Rule TENSOR = Rule.reject(
            "gguf.tensor",
            "The description of a tensor is not what the format asks for, or its size overflows.",
            "CVE-2024-21802, CVE-2025-53630");
    static final Rule TENSOR_TYPE =
            Rule.cannotInspect("gguf.tensor-type", "A tensor has a type that is not known here.", "GGUF specification");
    static final Rule LAYOUT = Rule.reject(
            "gguf.layout",
            "Tensors overlap, leave holes, lie outside the file or are followed by other content.",
            "CWE-125; CWE-436");
    static final Rule PADDING =
            Rule.warn("gguf.padding", "Bytes between tensors, which nobody reads, are not zero.", "GGUF specification");
    static final Rule TEMPLATE = Rule.reject(
            "gguf.template",
            "A chat template does more than format messages: rendered without a sandbox it can run code.",
            "CVE-2024-34359");

    @Override
    public String name() {
        return "gguf";
    }

    @Override
    public List<String> extensions() {
        return List.of("gguf");
    }

    @Override
    public List<Rule> rules() {
        return List.of(VERSION, COUNT, METADATA, DUPLICATE, ALIGNMENT, TENSOR, TENSOR_TYPE, LAYOUT, PADDING, TEMPLATE);
    }

    @Override
    public Claim recognizes(Probe probe) {
        if (probe.startsWith('G', 'G', 'U', 'F')) {
            return Claim.CERTAIN;
        }
        return probe.name().toLowerCase(Locale.ROOT).endsWith(".gguf") ? Claim.POSSIBLE : Claim.NONE;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        new GgufReader(source, inspection).read();
    }
}
