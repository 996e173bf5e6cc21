// SPDX-License-Identifier: Apache-2.0
package dev.aisec.assessment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Writes a report into a folder: {@code report.json} (the master), {@code report.html}, {@code report.md} and {@code
 * run.json} (the envelope). All four are written beside their places first and then moved there, so that a full disk or an
 * interrupted run leaves the folder as it was.
 */
public final class ReportFiles {
    private ReportFiles() {}

    /**
     * Writes the report.
     *
     * @param folder where to; made if missing; other files in it are left alone
     * @param assessment what was found
     * @param envelope when and where
     * @throws IOException naming the file that could not be written
     */
    public static void write(Path folder, Assessment assessment, RunEnvelope envelope) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("report.json", AssessmentJson.bytes(assessment));
        files.put("report.html", HtmlReport.of(assessment, envelope).getBytes(StandardCharsets.UTF_8));
        files.put("report.md", MarkdownReport.of(assessment).getBytes(StandardCharsets.UTF_8));
        files.put("run.json", AssessmentJson.bytes(envelope));
        Map<Path, Path> moves = new LinkedHashMap<>();
        Path current = folder;
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                current = folder.resolve(file.getKey());
                // Not createTempFile: the report should be as readable as any file of this user.
                Path temporary = folder.resolve("." + file.getKey() + "." + UUID.randomUUID() + ".tmp");
                moves.put(temporary, current);
                Files.write(temporary, file.getValue(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            }
            for (Map.Entry<Path, Path> move : moves.entrySet()) {
                current = move.getValue();
                Files.move(move.getKey(), current, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new IOException(current + ": must be writable: " + e, e);
        } finally {
            for (Path temporary : moves.keySet()) {
                Files.deleteIfExists(temporary);
            }
        }
    }
}
