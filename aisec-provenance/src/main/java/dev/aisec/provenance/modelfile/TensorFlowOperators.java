// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/** Operators of TensorFlow, from the list beside this class. */
final class TensorFlowOperators {
    private static final String LIST = "tensorflow-operators.txt";
    private static final Set<String> KNOWN = list('+');
    private static final Set<String> DANGEROUS = list('-');
    private static final Set<String> CHECKPOINT =
            Set.of("Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "MergeV2Checkpoints");

    private TensorFlowOperators() {}

    private static Set<String> list(char mark) {
        try (InputStream in = TensorFlowOperators.class.getResourceAsStream(LIST)) {
            if (in == null) {
                throw new IllegalStateException("resource " + LIST + " must be beside the class, is missing");
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            Set<String> names = new HashSet<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isEmpty() && line.charAt(0) == mark) {
                    names.add(line.substring(1));
                }
            }
            return Set.copyOf(names);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Standing standing(String operator) {
        if (KNOWN.contains(operator)) {
            return Standing.KNOWN;
        }
        return DANGEROUS.contains(operator) ? Standing.DANGEROUS : Standing.UNKNOWN;
    }

    /** Whether it saves or restores variables: the path decides. */
    static boolean checkpoint(String operator) {
        return CHECKPOINT.contains(operator);
    }

    /** Whether it reads an asset of a SavedModel into a table. */
    static boolean assetTable(String operator) {
        return operator.equals("InitializeTableFromTextFile") || operator.equals("InitializeTableFromTextFileV2");
    }
}
