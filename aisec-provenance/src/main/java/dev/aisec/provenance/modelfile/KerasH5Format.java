// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * HDF5 files, as Keras saves models and weights in them: the configuration is the attribute {@code model_config}, that of
 * training {@code training_config}, weights are datasets.
 *
 * <p>Guarantee: no link, external or virtual data is followed; every name in the configuration is judged. A file without
 * configuration is one of weights. Limits: of filters, deflate, shuffle and fletcher32 are read; data behind szip, n-bit
 * or plug-in filters, and compound or reference types, cannot be inspected.
 *
 * <p>Reference: HDF5 File Format Specification 3.0; Keras 3, {@code legacy_h5_format.py}.
 */
record KerasH5Format() implements ModelFormat {
    @Override
    public String name() {
        return "keras-h5";
    }

    @Override
    public List<String> extensions() {
        return List.of("h5", "hdf5", "hdf", "he5");
    }

    @Override
    public Claim recognizes(Probe probe) throws IOException {
        long at = Hdf5Reader.signatureAt(probe.source());
        if (at < 0) {
            return Claim.NONE;
        }
        // A tar archive whose first entry is an HDF5 file has the signature behind its first header.
        return at > 0 && probe.hasAt(257, 'u', 's', 't', 'a', 'r') ? Claim.POSSIBLE : Claim.CERTAIN;
    }

    @Override
    public void read(ByteSource source, Inspection inspection) throws IOException {
        List<byte[]> model = new ArrayList<>();
        List<byte[]> training = new ArrayList<>();
        Hdf5Reader.read(source, inspection, new Hdf5Reader.Sink() {
            @Override
            public void object(String path, boolean group) {}

            @Override
            public void attribute(String path, String name, byte @Nullable [] text, long offset) throws IOException {
                if (!path.isEmpty()) {
                    return;
                }
                switch (name) {
                    case "model_config", "training_config" -> {
                        if (text == null) {
                            throw inspection.refuse(
                                    KerasConfig.MALFORMED, offset, "attribute " + name + " must be a single string");
                        }
                        (name.startsWith("m") ? model : training).add(text);
                    }
                    case "keras_version", "backend" -> {
                        if (text != null) {
                            inspection.metadata(
                                    name.equals("backend") ? "keras.backend" : "keras.version",
                                    new String(text, StandardCharsets.UTF_8));
                        }
                    }
                    default -> {}
                }
            }
        });
        for (byte[] config : model) {
            KerasConfig.read(config, true, inspection);
        }
        for (byte[] config : training) {
            KerasConfig.read(config, false, inspection);
        }
    }

    @Override
    public List<Rule> rules() {
        List<Rule> rules = new ArrayList<>(Hdf5Reader.RULES);
        rules.addAll(KerasConfig.RULES);
        return List.copyOf(rules);
    }
}
