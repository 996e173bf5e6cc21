// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.privacy.accounting.Neighbouring;
import dev.aisec.privacy.accounting.PrivacyLoss;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of Gaussian noise on Poisson samples. */
final class DpSampling {
    /** {@code add-remove} and its like. */
    static final class Relation implements ITypeConverter<Neighbouring> {
        @Override
        public Neighbouring convert(String value) {
            for (Neighbouring each : Neighbouring.values()) {
                if (name(each).equals(value.replace('_', '-').toLowerCase(Locale.ROOT))) {
                    return each;
                }
            }
            throw new TypeConversionException("must be add-remove, replace-one or zero-out, was '" + value + "'");
        }

        static String name(Neighbouring neighbouring) {
            return neighbouring.name().replace('_', '-').toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = "--sampling-rate",
            paramLabel = "Q",
            defaultValue = "1",
            description = "probability with which each record takes part in a step, independently (Poisson sampling);"
                    + " shuffled batches of fixed size are something else (default: ${DEFAULT-VALUE})")
    private double rate = 1;

    @Option(
            names = "--neighbouring",
            paramLabel = "RELATION",
            defaultValue = "add-remove",
            converter = Relation.class,
            description = "what is hidden: add-remove, replace-one or zero-out (default: ${DEFAULT-VALUE})")
    private Neighbouring neighbouring = Neighbouring.ADD_REMOVE;

    double rate() {
        if (!(rate > 0 && rate <= 1)) {
            throw new IllegalArgumentException("--sampling-rate must be in (0, 1], was " + rate);
        }
        return rate;
    }

    Neighbouring neighbouring() {
        return neighbouring;
    }

    /** One step on a sum of vectors clipped to norm C, with noise of that many C: the relation tells the sensitivity. */
    PrivacyLoss step(double noiseMultiplier) {
        PrivacyLoss step = new PrivacyLoss.Gaussian(noiseMultiplier / neighbouring.clippedSumFactor(), neighbouring);
        return rate() == 1 ? step : PrivacyLoss.PoissonSampled.halfwayAbsent(rate, step);
    }

    void addTo(Map<String, JsonValue> members) {
        members.put("samplingRate", new JsonNumber(rate));
        members.put("neighbouring", new JsonString(Relation.name(neighbouring)));
    }

    @Override
    public String toString() {
        return "sampling rate " + DpText.exact(rate) + ", " + Relation.name(neighbouring);
    }
}
