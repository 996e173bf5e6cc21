// SPDX-License-Identifier: Apache-2.0
package dev.aisec.robustness.detect;

import dev.aisec.core.model.Batch;
import dev.aisec.core.model.Classifier;
import dev.aisec.core.model.Detector;
import dev.aisec.core.model.Preprocessor;
import java.util.List;

/**
 * Feature squeezing: an input is suspicious if the classifier's answer changes when detail that a person would not miss is
 * removed.
 *
 * <p>The score is the largest L1 distance, over the squeezers, between the class probabilities of the input and of the
 * squeezed input; it lies in [0, 2].
 *
 * <p>It does not guarantee anything against an attacker who knows of it and includes it in the attack (He et al.,
 * Adversarial Example Defenses: Ensembles of Weak Defenses are not Strong, WOOT 2017). Figures against an attacker who does
 * not are no figures against one who does.
 *
 * <p>Source: Xu, Evans, Qi, Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks, NDSS 2018. Clause
 * 7.3.1-3.
 *
 * @param model the classifier
 * @param squeezers what removes detail; at least one
 */
public record FeatureSqueezing(Classifier model, List<Preprocessor> squeezers) implements Detector {
    /** Copies the list. */
    public FeatureSqueezing {
        squeezers = List.copyOf(squeezers);
        if (squeezers.isEmpty()) {
            throw new IllegalArgumentException("squeezers must not be empty");
        }
    }

    /**
     * The paper's choice for MNIST: one bit, and a 2 × 2 median.
     *
     * @param model a classifier of grey images with one finite range of values
     * @return the detector
     */
    public static FeatureSqueezing of(Classifier model) {
        return new FeatureSqueezing(model, List.of(new BitDepth(1, model.spec().bounds()), new MedianFilter(2)));
    }

    @Override
    public double[] scores(Batch inputs) {
        Batch plain = model.probabilities(inputs);
        double[] scores = new double[inputs.size()];
        for (Preprocessor squeezer : squeezers) {
            Batch squeezed = model.probabilities(squeezer.apply(inputs));
            for (int i = 0; i < scores.length; i++) {
                double distance = 0;
                for (int c = 0; c < plain.shape().size(); c++) {
                    distance += Math.abs((double) plain.get(i, c) - squeezed.get(i, c));
                }
                scores[i] = Math.max(scores[i], distance);
            }
        }
        return scores;
    }
}
