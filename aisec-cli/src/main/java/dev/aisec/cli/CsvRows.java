// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.BufferedReader;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a CSV file (RFC 4180, UTF-8, names in the first record), one after another; what is held does not grow with the
 * file. Messages tell the place but never a cell: they end up in logs, and cells are private.
 */
final class CsvRows {
    /** Takes a row. */
    interface Consumer {
        /**
         * Takes a row.
         *
         * @param cell of the column asked for; empty if none was
         * @param user of the user column; empty if none was asked for
         * @throws IllegalArgumentException if the cell is not what it must be
         */
        void accept(String cell, String user);
    }

    /** Takes the cells of a row. */
    interface Rows {
        /**
         * Takes a row.
         *
         * @param cells of the columns asked for; overwritten by the next row
         * @throws CellException if a cell is not what it must be
         */
        void accept(String[] cells);
    }

    /** A cell is not what it must be; the message does not quote it. */
    static final class CellException extends RuntimeException {
        private static final long serialVersionUID = 1;

        CellException(String column, String what) {
            super("column '" + column + "': " + what);
        }
    }

    /** Counts quotes: FastCSV takes the end of a file for the end of a quote, and so would swallow rows. */
    private static final class Quotes extends FilterReader {
        private boolean odd;

        Quotes(Reader in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int c = super.read();
            odd ^= c == '"';
            return c;
        }

        @Override
        public int read(char[] to, int offset, int length) throws IOException {
            int n = super.read(to, offset, length);
            for (int i = offset; i < offset + n; i++) {
                odd ^= to[i] == '"';
            }
            return n;
        }
    }

    /** A longer cell is refused. */
    private static final int MAX_CELL = 1 << 20;

    private static final int MAX_TEXT = 80;
    private static final int MOST_NAMES = 40;

    private static final int ROWS_PER_CHECK = 4096;

    private CsvRows() {}

    /** The names of the columns are not told: in a file without them they are cells. */
    static void read(Path file, @Nullable String column, @Nullable String userColumn, Consumer consumer)
            throws IOException {
        List<String> columns = new ArrayList<>();
        if (column != null) {
            columns.add(column);
        }
        if (userColumn != null) {
            columns.add(userColumn);
        }
        read(file, columns, false, cells -> {
            String user = userColumn == null ? "" : cells[cells.length - 1];
            if (userColumn != null && user.isBlank()) {
                throw new CellException(userColumn, "must name a user, is empty");
            }
            try {
                consumer.accept(column == null ? "" : cells[0], user);
            } catch (IllegalArgumentException e) {
                throw new CellException(String.valueOf(column), String.valueOf(e.getMessage()));
            }
        });
    }

    /**
     * Reads columns.
     *
     * @param file which
     * @param columns names; may repeat
     * @param tellColumns whether a message may name the columns that there are
     * @param rows takes the rows
     */
    static void read(Path file, List<String> columns, boolean tellColumns, Rows rows) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(
                    file + ": must be a CSV file, " + (Files.exists(file) ? "is none" : "is not there"));
        }
        try (Quotes reader = new Quotes(reader(file));
                CsvReader<CsvRecord> csv = CsvReader.builder()
                        .skipEmptyLines(false)
                        .maxBufferSize(MAX_CELL)
                        .ofCsvRecord(reader)) {
            read(file, csv.iterator(), columns, tellColumns, rows);
            if (reader.odd) {
                throw new IOException(file + ": must be CSV after RFC 4180: a quote is not closed");
            }
        } catch (CsvParseException e) {
            throw told(file, String.valueOf(e.getMessage()), e.getCause(), e);
        } catch (UncheckedIOException e) {
            throw told(file, String.valueOf(e.getMessage()), e.getCause(), e);
        }
    }

    /** Without the cause's message, in which characters of a cell may stand. */
    private static IOException told(Path file, String place, @Nullable Throwable cause, Exception e) {
        String rule = "must be CSV after RFC 4180";
        if (cause instanceof CharacterCodingException) {
            rule = "must be UTF-8";
        } else if (cause != null && String.valueOf(cause.getMessage()).contains("maximum buffer size")) {
            rule = "cells must have at most " + MAX_CELL + " characters (is a quote not closed?)";
        } else if (cause instanceof IOException) {
            rule = "must be readable";
        }
        return new IOException(file + ": " + rule + ": " + place, e);
    }

    private static Reader reader(Path file) throws IOException {
        BufferedReader reader = new BufferedReader(new InputStreamReader(
                Files.newInputStream(file),
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)));
        try {
            // A byte order mark.
            reader.mark(1);
            if (reader.read() != '\uFEFF') {
                reader.reset();
            }
            return reader;
        } catch (IOException e) {
            reader.close();
            throw e instanceof CharacterCodingException ? told(file, "first character", e, e) : e;
        }
    }

    private static void read(
            Path file, Iterator<CsvRecord> records, List<String> columns, boolean tellColumns, Rows rows)
            throws IOException {
        if (!records.hasNext()) {
            throw new IOException(file + ": must begin with a record of column names, is empty");
        }
        List<String> names = records.next().getFields();
        int[] at = new int[columns.size()];
        for (int c = 0; c < at.length; c++) {
            at[c] = index(file, names, columns.get(c), tellColumns);
        }
        String[] cells = new String[at.length];
        for (int row = 0; records.hasNext(); row = (row + 1) % ROWS_PER_CHECK) {
            if (row == 0 && Thread.currentThread().isInterrupted()) {
                throw new CancellationException("interrupted while reading " + file);
            }
            CsvRecord csv = records.next();
            for (int c = 0; c < at.length; c++) {
                cells[c] = csv.getField(at[c]);
            }
            try {
                rows.accept(cells);
            } catch (CellException e) {
                throw new IOException(file + ": line " + csv.getStartingLineNumber() + ", " + e.getMessage(), e);
            }
        }
    }

    private static int index(Path file, List<String> names, String name, boolean tell) throws IOException {
        int index = names.indexOf(name);
        if (index < 0) {
            throw new IOException(file + ": must have a column '" + name + "', has "
                    + (tell
                            ? names.stream()
                                            .limit(MOST_NAMES)
                                            .map(n -> "'" + shown(n) + "'")
                                            .collect(Collectors.joining(", "))
                                    + (names.size() > MOST_NAMES ? " and " + (names.size() - MOST_NAMES) + " more" : "")
                            : "none"));
        }
        if (names.lastIndexOf(name) != index) {
            throw new IOException(file + ": must have one column '" + name + "', has several");
        }
        return index;
    }

    /** For ledger and terminal: short, no control characters. */
    static String shown(String text) {
        String clean = text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ");
        if (clean.length() <= MAX_TEXT) {
            return clean;
        }
        int end = MAX_TEXT - 1;
        return clean.substring(0, Character.isHighSurrogate(clean.charAt(end - 1)) ? end - 1 : end) + "…";
    }
}
