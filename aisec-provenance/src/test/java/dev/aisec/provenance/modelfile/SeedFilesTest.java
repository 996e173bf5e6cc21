// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aisec.core.Verdict;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class SeedFilesTest {
    @Test
    void all_everySeed_isSmallAndAcceptedAsItsFormat() throws IOException {
        for (SeedFiles.Seed seed : SeedFiles.all()) {
            ModelReport report = ModelVerifier.standard().verify(seed.bytes(), seed.name());
            assertThat(seed.bytes().length).as(seed.format()).isLessThan(3100);
            assertThat(report.structure().format())
                    .as("%s %s", seed.name(), report.verification().findings())
                    .isEqualTo(seed.format());
            assertThat(report.verification().verdict())
                    .as("%s %s", seed.format(), report.verification().findings())
                    .isEqualTo(seed.format().equals("archive") ? Verdict.CANNOT_INSPECT : Verdict.ACCEPT);
        }
    }

    @Test
    void all_everyFormat_hasASeed() {
        assertThat(SeedFiles.all())
                .extracting(SeedFiles.Seed::format)
                .containsAll(
                        ModelFormats.builtIn().stream().map(ModelFormat::name).toList());
    }
}
