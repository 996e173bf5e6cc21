// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.modelfile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs Jazzer on {@link ModelFileFuzz}, one process for each format: arguments are the format (or {@code all} for each in
 * turn), the number of runs, seconds at most, and the folder of this module. Seeds, corpus and inputs that fail stand in
 * {@code target/fuzz/FORMAT}.
 */
public final class ModelFileFuzzMain {
    private static final String RESOURCES = "src/test/resources/dev/aisec/provenance/modelfile/fuzz";

    private ModelFileFuzzMain() {}

    /** Ends with status 1 if any input failed. */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> formats = args[0].equals("all")
                ? ModelFormats.builtIn().stream().map(ModelFormat::name).toList()
                : List.of(args[0]);
        Path module = Path.of(args[3]).toAbsolutePath();
        List<String> failed = new ArrayList<>();
        for (String format : formats) {
            if (fuzz(format, args[1], args[2], module) != 0) {
                failed.add(format);
            }
        }
        System.out.println(failed.isEmpty() ? "no failing input" : "failing inputs in target/fuzz of " + failed);
        System.exit(failed.isEmpty() ? 0 : 1);
    }

    private static int fuzz(String format, String runs, String seconds, Path module)
            throws IOException, InterruptedException {
        Path folder = module.resolve("target/fuzz").resolve(format);
        Path corpus = Files.createDirectories(folder.resolve("corpus"));
        Path seeds = Files.createDirectories(folder.resolve("seeds"));
        int number = 0;
        for (SeedFiles.Seed seed : SeedFiles.all()) {
            if (seed.format().equals(format)) {
                Files.write(seeds.resolve("seed" + number++), seed.bytes());
            }
        }
        Path found = module.resolve(RESOURCES).resolve(format);
        if (Files.isDirectory(found)) {
            try (Stream<Path> files = Files.list(found)) {
                for (Path file : files.toList()) {
                    Files.write(seeds.resolve("seed" + number++), read(file));
                }
            }
        }
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + ModelFileFuzz.class.getName(),
                "--target_args=" + format,
                "--instrumentation_includes=dev.aisec.provenance.**:dev.aisec.core.**",
                "--custom_hook_includes=dev.aisec.provenance.**",
                "--reproducer_path=" + folder,
                "-artifact_prefix=" + folder + "/",
                "-runs=" + runs,
                "-max_total_time=" + seconds,
                "-max_len=3000",
                "-timeout=10",
                "-rss_limit_mb=3000",
                "-print_final_stats=1",
                corpus.toString(),
                seeds.toString());
        System.out.println("fuzzing " + format);
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .inheritIO()
                .start()
                .waitFor();
    }

    /** A file of the corpus: hexadecimal text, since binary files that look like attacks upset scanners of repositories. */
    static byte[] read(Path file) throws IOException {
        return HexFormat.of().parseHex(Files.readString(file).replaceAll("\\s", ""));
    }
}
