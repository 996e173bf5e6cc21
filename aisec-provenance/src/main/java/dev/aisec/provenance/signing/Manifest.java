// SPDX-License-Identifier: Apache-2.0
package dev.aisec.provenance.signing;

import dev.aisec.core.MalformedInputException;
import dev.aisec.core.json.JsonLimits;
import dev.aisec.core.json.JsonParser;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonBoolean;
import dev.aisec.core.json.JsonValue.JsonNumber;
import dev.aisec.core.json.JsonValue.JsonString;
import dev.aisec.provenance.internal.Sha256;
import dev.aisec.provenance.internal.Text;
import dev.aisec.provenance.signing.Bundle.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The signed list of a model's files (OMS v1.0, sections 5 and 6), in an in-toto statement.
 *
 * @param subject name of the model; for readers only
 * @param shardSize bytes of a shard, 0 if files are hashed whole
 * @param symlinks whether symbolic links were followed
 * @param ignored paths that were left out
 * @param resources in the order of the list
 */
record Manifest(String subject, long shardSize, boolean symlinks, Set<String> ignored, List<Resource> resources) {
    /** How the single file of a model without folder was named before OMS v1.0. */
    static final String UNNAMED = ".";

    /** Up to which JSON numbers are exact. */
    private static final long MAX_EXACT = 1L << 53;

    private static final String STATEMENT = "https://in-toto.io/Statement/v1";
    private static final String PREDICATE = "https://model_signing/signature/v1.0";
    private static final JsonLimits LIMITS = new JsonLimits(Bundle.MAX_BYTES, 16, 2_000_000, 1 << 16);

    /**
     * A file or a part of it.
     *
     * @param path of the file
     * @param start first byte
     * @param end byte after the last, -1 if it is the end of the file
     * @param digest SHA-256
     */
    record Resource(String path, long start, long end, byte[] digest) {
        /** As it stands in the list. */
        String name() {
            return end < 0 ? path : path + ":" + start + ":" + end;
        }
    }

    static final Comparator<Resource> ORDER = Comparator.comparing(Resource::name, Names.CODE_POINTS);

    private static final Comparator<Resource> BY_PARTS =
            Comparator.comparing(Resource::path, Names.PARTS).thenComparingLong(Resource::start);

    private static final Comparator<Resource> BY_START =
            Comparator.comparing(Resource::path, Names.CODE_POINTS).thenComparingLong(Resource::start);

    byte[] rootDigest() {
        MessageDigest digest = Sha256.create();
        for (Resource resource : resources) {
            digest.update(resource.digest());
        }
        return digest.digest();
    }

    /** The resources of each file, in the order of their bytes. */
    Map<String, List<Resource>> files() {
        Map<String, List<Resource>> files = new LinkedHashMap<>();
        for (Resource resource : resources) {
            files.computeIfAbsent(resource.path(), p -> new ArrayList<>(1)).add(resource);
        }
        files.values().forEach(parts -> parts.sort(Comparator.comparingLong(Resource::start)));
        return files;
    }

    static Manifest parse(byte[] payload) {
        JsonValue value;
        try {
            value = JsonParser.parse(payload, LIMITS);
        } catch (MalformedInputException e) {
            throw new Refusal(SignatureRule.STATEMENT, "the payload is not strict JSON: " + e.getMessage(), e.offset());
        }
        Json statement = Json.of(SignatureRule.STATEMENT, "the statement", value);
        String type = statement.string("_type");
        if (!type.equals(STATEMENT)) {
            throw new Refusal(SignatureRule.STATEMENT, "_type must be " + STATEMENT + ", was " + Text.quote(type));
        }
        String predicateType = statement.string("predicateType");
        if (!predicateType.equals(PREDICATE)) {
            throw new Refusal(
                    SignatureRule.PREDICATE_TYPE,
                    "predicateType must be " + PREDICATE + ", was " + Text.quote(predicateType));
        }
        statement.only("_type", "subject", "predicateType", "predicate");
        Json predicate = statement.object("predicate").only("resources", "serialization");
        Json serialization = predicate
                .object("serialization")
                .only("method", "hash_type", "shard_size", "allow_symlinks", "ignore_paths");
        String hash = serialization.string("hash_type");
        if (!hash.equals("sha256")) {
            throw new Refusal(
                    hash.equals("blake2b") || hash.equals("blake3")
                            ? SignatureRule.UNSUPPORTED
                            : SignatureRule.STATEMENT,
                    "hash_type must be sha256, was " + Text.quote(hash));
        }
        long shardSize = shardSize(serialization);
        if (!(serialization.value("allow_symlinks") instanceof JsonBoolean symlinks)) {
            throw new Refusal(SignatureRule.STATEMENT, "allow_symlinks must be true or false");
        }
        List<Resource> resources = resources(predicate.array("resources"), shardSize);
        Subject subject = subject(statement.array("subject"));
        Manifest manifest =
                new Manifest(subject.name(), shardSize, symlinks.value(), ignored(serialization), resources);
        if (!MessageDigest.isEqual(manifest.rootDigest(), subject.digest())) {
            throw new Refusal(
                    SignatureRule.ROOT_DIGEST,
                    "the digest of the subject must be that of the list, "
                            + HexFormat.of().formatHex(manifest.rootDigest()) + ", was "
                            + HexFormat.of().formatHex(subject.digest()));
        }
        if (shardSize > 0) {
            requireWhole(manifest);
        }
        return manifest;
    }

    private record Subject(String name, byte[] digest) {}

    private static Subject subject(List<JsonValue> subjects) {
        if (subjects.size() != 1) {
            throw new Refusal(SignatureRule.STATEMENT, "there must be one subject, were " + subjects.size());
        }
        Json subject = Json.of(SignatureRule.STATEMENT, "the subject", subjects.get(0));
        String name = subject.string("name");
        if (name.isEmpty()) {
            throw new Refusal(SignatureRule.STATEMENT, "the subject must have a name");
        }
        return new Subject(name, digest(subject.object("digest").only("sha256").string("sha256")));
    }

    private static long shardSize(Json serialization) {
        String method = serialization.string("method");
        if (method.equals("files")) {
            if (serialization.has("shard_size")) {
                throw new Refusal(SignatureRule.STATEMENT, "shard_size must be absent for the method files");
            }
            return 0;
        }
        if (!method.equals("shards")) {
            throw new Refusal(SignatureRule.STATEMENT, "method must be files or shards, was " + Text.quote(method));
        }
        if (serialization.value("shard_size") instanceof JsonNumber number
                && number.value() >= 1
                && number.value() <= MAX_EXACT
                && number.value() == Math.rint(number.value())) {
            return (long) number.value();
        }
        throw new Refusal(SignatureRule.STATEMENT, "shard_size must be a whole number from 1 to 2^53");
    }

    private static Set<String> ignored(Json serialization) {
        Set<String> ignored = new TreeSet<>(Names.CODE_POINTS);
        if (serialization.has("ignore_paths")) {
            for (JsonValue item : serialization.array("ignore_paths")) {
                if (!(item instanceof JsonString path)) {
                    throw new Refusal(SignatureRule.STATEMENT, "ignore_paths must hold strings");
                }
                Optional<String> fault = ignoreFault(path.value());
                if (fault.isPresent()) {
                    throw new Refusal(
                            SignatureRule.IGNORED_PATH,
                            "an ignored path " + fault.get() + ", was " + Text.quote(path.value()));
                }
                ignored.add(path.value());
            }
        }
        return ignored;
    }

    /** What is wrong with an ignored path, if anything. */
    static Optional<String> ignoreFault(String path) {
        if (path.indexOf('*') >= 0 || path.indexOf('?') >= 0 || path.indexOf('[') >= 0) {
            return Optional.of("must have no *, ? or [: it is taken as it stands");
        }
        return Names.fault(path);
    }

    private static List<Resource> resources(List<JsonValue> items, long shardSize) {
        if (items.isEmpty()) {
            throw new Refusal(SignatureRule.STATEMENT, "resources must not be empty");
        }
        List<Resource> resources = new ArrayList<>(items.size());
        Set<String> names = new HashSet<>();
        for (JsonValue item : items) {
            Json json = Json.of(SignatureRule.STATEMENT, "a resource", item);
            String name = json.string("name");
            if (!json.string("algorithm").equals("sha256")) {
                throw new Refusal(
                        SignatureRule.STATEMENT,
                        "algorithm of " + Text.quote(name) + " must be hash_type, sha256, was "
                                + Text.quote(json.string("algorithm")));
            }
            Resource resource = shardSize == 0
                    ? new Resource(name, 0, -1, digest(json.string("digest")))
                    : shard(name, digest(json.string("digest")));
            Optional<String> fault = resource.path().equals(UNNAMED) ? Optional.empty() : Names.fault(resource.path());
            if (fault.isPresent()) {
                throw new Refusal(
                        SignatureRule.RESOURCE_NAME, "a signed name " + fault.get() + ", was " + Text.quote(name));
            }
            if (!names.add(name)) {
                throw new Refusal(
                        SignatureRule.RESOURCE_NAME, "a signed name must stand once, twice stands " + Text.quote(name));
            }
            if (!resources.isEmpty()
                    && resource.path().equals(UNNAMED)
                            != resources.get(0).path().equals(UNNAMED)) {
                throw new Refusal(SignatureRule.RESOURCE_NAME, "a file without name must be the only one, is not");
            }
            resources.add(resource);
        }
        // The specification has the first; the reference implementation sorts as Python sorts its paths.
        if (!isSorted(resources, ORDER) && !isSorted(resources, BY_PARTS) && !isSorted(resources, BY_START)) {
            throw new Refusal(SignatureRule.RESOURCE_ORDER, "resources must be sorted by name");
        }
        return resources;
    }

    private static boolean isSorted(List<Resource> resources, Comparator<Resource> order) {
        for (int i = 1; i < resources.size(); i++) {
            if (order.compare(resources.get(i - 1), resources.get(i)) >= 0) {
                return false;
            }
        }
        return true;
    }

    private static byte[] digest(String hex) {
        boolean lower = hex.chars().allMatch(c -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f');
        if (!lower || hex.length() != 2 * Sha256.LENGTH) {
            throw new Refusal(
                    SignatureRule.STATEMENT,
                    "a digest must have 64 lower-case hexadecimal digits, was " + Text.quote(hex));
        }
        return HexFormat.of().parseHex(hex);
    }

    /** The last two numbers are the range; the path may have colons of its own. */
    private static Resource shard(String name, byte[] digest) {
        int last = name.lastIndexOf(':');
        int first = last < 1 ? -1 : name.lastIndexOf(':', last - 1);
        if (first < 1) {
            throw new Refusal(
                    SignatureRule.SHARDS, "the name of a shard must be path:start:end, was " + Text.quote(name));
        }
        long start = number(name, name.substring(first + 1, last));
        long end = number(name, name.substring(last + 1));
        return new Resource(name.substring(0, first), start, end, digest);
    }

    private static long number(String name, String digits) {
        boolean decimal = !digits.isEmpty()
                && digits.length() <= 18
                && digits.chars().allMatch(c -> c >= '0' && c <= '9')
                && (digits.length() == 1 || digits.charAt(0) != '0');
        if (!decimal) {
            throw new Refusal(
                    SignatureRule.SHARDS, "the name of a shard must end with two numbers, was " + Text.quote(name));
        }
        return Long.parseLong(digits);
    }

    private static void requireWhole(Manifest manifest) {
        manifest.files().forEach((path, parts) -> {
            long at = 0;
            for (int i = 0; i < parts.size(); i++) {
                Resource part = parts.get(i);
                long length = part.end() - part.start();
                boolean last = i == parts.size() - 1;
                if (part.start() != at
                        || length < 1
                        || length > manifest.shardSize()
                        || !last && length != manifest.shardSize()) {
                    throw new Refusal(
                            SignatureRule.SHARDS,
                            "shards must follow one another in steps of " + manifest.shardSize() + " bytes, was "
                                    + Text.quote(part.name()));
                }
                at = part.end();
            }
        });
    }

    /** The statement, in the layout of the reference implementation 1.1.0: indented by two, ASCII. */
    byte[] payload() {
        StringBuilder out = new StringBuilder(200 + 220 * resources.size());
        out.append("{\n  \"_type\": \"").append(STATEMENT).append("\",\n  \"subject\": [\n    {\n      \"name\": ");
        quote(subject, out);
        out.append(",\n      \"digest\": {\n        \"sha256\": \"")
                .append(HexFormat.of().formatHex(rootDigest()));
        out.append("\"\n      }\n    }\n  ],\n  \"predicateType\": \"").append(PREDICATE);
        out.append("\",\n  \"predicate\": {\n    \"resources\": [");
        String before = "\n";
        for (Resource resource : resources) {
            out.append(before).append("      {\n        \"name\": ");
            quote(resource.name(), out);
            out.append(",\n        \"digest\": \"").append(HexFormat.of().formatHex(resource.digest()));
            out.append("\",\n        \"algorithm\": \"sha256\"\n      }");
            before = ",\n";
        }
        out.append("\n    ],\n    \"serialization\": {\n      \"method\": \"");
        out.append(shardSize > 0 ? "shards" : "files").append("\",\n      \"hash_type\": \"sha256\",\n");
        if (shardSize > 0) {
            out.append("      \"shard_size\": ").append(shardSize).append(",\n");
        }
        out.append("      \"allow_symlinks\": ").append(symlinks);
        if (!ignored.isEmpty()) {
            out.append(",\n      \"ignore_paths\": [");
            before = "\n";
            for (String path : ignored) {
                out.append(before).append("        ");
                quote(path, out);
                before = ",\n";
            }
            out.append("\n      ]");
        }
        return out.append("\n    }\n  }\n}").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c >= 0x20 && c < 0x7f) {
                out.append(c);
            } else {
                out.append(String.format("\\u%04x", (int) c));
            }
        }
        out.append('"');
    }
}
