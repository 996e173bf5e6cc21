// SPDX-License-Identifier: Apache-2.0
package dev.aisec.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aisec.core.Verdict;
import dev.aisec.nd4j.Dl4jModels;
import dev.aisec.nd4j.Dl4jNetworks;
import dev.aisec.provenance.modelfile.ModelReport;
import dev.aisec.provenance.modelfile.ModelVerifier;
import dev.aisec.provenance.modelfile.Use;
import dev.aisec.provenance.modelfile.VerificationPolicy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.factory.Nd4j;

/** A model file that runs code when Deeplearning4j loads it never does so with the loader of aisec. */
class SafeLoadingTest {
    private static boolean executed;

    /** What an attacker would put into a file, but for what it does: it sets a flag. */
    private static final class Payload implements Serializable {
        private static final long serialVersionUID = 1L;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            executed = true;
        }
    }

    @BeforeEach
    void reset() {
        executed = false;
    }

    private static byte[] model(String entry, byte[] content) throws IOException {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ModelSerializer.writeModel(Dl4jNetworks.smallCnn(12, 12, 2, 5), plain, true);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(plain.toByteArray()));
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (ZipEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
                zip.putNextEntry(new ZipEntry(e.getName()));
                in.transferTo(zip);
                zip.closeEntry();
            }
            zip.putNextEntry(new ZipEntry(entry));
            zip.write(content);
            zip.closeEntry();
        }
        return out.toByteArray();
    }

    private static byte[] serialized(Object object) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        return bytes.toByteArray();
    }

    private static ModelReport verify(byte[] model, String allowed) throws IOException {
        VerificationPolicy policy = VerificationPolicy.strict();
        return ModelVerifier.of(allowed.isEmpty() ? policy : policy.allow(Use.GLOBAL, allowed))
                .verify(model, "model.zip");
    }

    @Test
    void load_preprocessorThatRunsCode_runsWithDeeplearning4jAndNeverHere() throws IOException {
        byte[] model = model("preprocessor.bin", serialized(new Payload()));

        assertThat(verify(model, "").verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThatThrownBy(() -> verify(model, "").orElseThrow()).hasMessageContaining("preprocessor.bin");
        assertThat(executed).isFalse();

        ModelReport allowed = verify(model, "dl4j.preprocessor.bin");
        assertThat(allowed.verification().verdict()).isEqualTo(Verdict.ACCEPT);
        MultiLayerNetwork loaded = Dl4jModels.load(allowed.orElseThrow());
        assertThat(loaded.numParams()).isPositive();
        assertThatThrownBy(() -> Dl4jModels.loadNormalizer(allowed.orElseThrow()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("must hold a normalizer of ND4J");
        assertThat(executed).isFalse();

        // Too late: what is no normalizer has run already, though only the network was asked for.
        assertThatThrownBy(() -> ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(model), true))
                .isInstanceOf(ClassCastException.class);
        assertThat(executed).isTrue();
    }

    @Test
    void loadNormalizer_ofNd4j_isTheOneThatWasSaved() throws Exception {
        NormalizerStandardize standardize = new NormalizerStandardize();
        NormalizerMinMaxScaler scaler = new NormalizerMinMaxScaler(0, 1);
        DataSet data = new DataSet(
                Nd4j.createFromArray(new float[][] {{1, 2}, {3, 5}, {8, 4}}),
                Nd4j.createFromArray(new float[][] {{1}, {0}, {1}}));
        standardize.fit(data);
        scaler.fit(data);
        for (var normalizer : new org.nd4j.linalg.dataset.api.preprocessor.Normalizer<?>[] {standardize, scaler}) {
            ModelReport stream = verify(model("preprocessor.bin", serialized(normalizer)), "dl4j.preprocessor.bin");
            assertThat(Dl4jModels.loadNormalizer(stream.orElseThrow())).contains(normalizer);
            ByteArrayOutputStream own = new ByteArrayOutputStream();
            NormalizerSerializer.getDefault().write(normalizer, own);
            byte[] model = model("normalizer.bin", own.toByteArray());
            assertThat(verify(model, "").verification().verdict()).isEqualTo(Verdict.REJECT);
            ModelReport report = verify(model, "dl4j.normalizer/" + normalizer.getType());
            assertThat(Dl4jModels.loadNormalizer(report.orElseThrow())).contains(normalizer);
        }
    }

    @Test
    void verify_javaStreamAsNormalizer_isRefusedWhateverThePolicyAllows() throws IOException {
        byte[] model = model("normalizer.bin", serialized(new Payload()));
        ModelReport report = verify(model, "dl4j.preprocessor.bin");
        assertThat(report.verification().verdict()).isEqualTo(Verdict.REJECT);
        assertThat(report.verification().findings()).anyMatch(f -> f.code().equals("dl4j.java-stream"));
        assertThat(executed).isFalse();
    }
}
