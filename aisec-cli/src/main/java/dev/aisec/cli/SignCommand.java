// SPDX-License-Identifier: Apache-2.0
package dev.aisec.cli;

import dev.aisec.core.Finding;
import dev.aisec.core.json.CanonicalJson;
import dev.aisec.core.json.JsonValue;
import dev.aisec.core.json.JsonValue.JsonArray;
import dev.aisec.core.json.JsonValue.JsonObject;
import dev.aisec.provenance.signing.ModelSigner;
import dev.aisec.provenance.signing.SignatureAlgorithm;
import dev.aisec.provenance.signing.SignedModel;
import dev.aisec.provenance.signing.SigningKey;
import dev.aisec.provenance.signing.SymlinkPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code aisec sign}: signs a model file or folder. */
@Command(
        name = "sign",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        sortOptions = false,
        description = {
            "Signs a model file or folder: OpenSSF Model Signing (OMS) v1.0, as \"aisec verify --signature\" and others"
                    + " verify it.",
            "The signature lists every file with its SHA-256. A signature that is there is replaced, no other file is."
        },
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            " 0:signed",
            " 2:bad input, or something that cannot be signed; nothing was written",
            " 3:a fault of aisec",
            "130:interrupted"
        })
final class SignCommand implements Callable<Integer> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})([kKmMgG]?)");
    private static final int MAX_PASSWORD = 4096;

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "file or folder")
    private @Nullable Path model;

    @Option(
            names = "--key",
            paramLabel = "FILE",
            required = true,
            description = "private key, PEM: Ed25519, ECDSA P-256, P-384, P-521 or ML-DSA")
    private Path key = Path.of("");

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description =
                    "file whose first line is the password of the key; never on the command line, where others see it")
    private @Nullable Path passwordFile;

    @Option(
            names = "--cert-chain",
            paramLabel = "FILE",
            description =
                    "certificates, PEM: that of the key, then those of the authorities; sign with it instead of the"
                            + " bare key")
    private @Nullable Path chain;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "signature to write (default: model.sig in the folder, MODEL.sig beside a file)")
    private @Nullable Path out;

    @Option(
            names = "--shards",
            paramLabel = "SIZE",
            description = "hash in shards of so many bytes, for example 1G = 1000000000, so that large files take all"
                    + " processors (default: whole files)")
    private @Nullable String shards;

    @Option(
            names = "--ignore",
            paramLabel = "PATH",
            description =
                    "leave out, relative to MODEL, exact; may be given several times (.git, .github, .gitattributes,"
                            + " .gitignore always are)")
    private List<String> ignored = new ArrayList<>();

    @Option(names = "--follow-links", description = "follow symbolic links inside the model (default: refuse them)")
    private boolean followLinks;

    @Option(
            names = "--generate-key",
            paramLabel = "ALGORITHM",
            description = "first write a new key to --key, for its owner only, and its public key to FILE.pub:"
                    + " ${COMPLETION-CANDIDATES}")
    private @Nullable SignatureAlgorithm generate;

    @Option(names = "--json", description = "print canonical JSON on standard output, and nothing else there")
    private boolean json;

    private final Main.Streams streams;

    SignCommand(Main.Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (model == null && generate == null) {
            throw new IllegalArgumentException("MODEL must be given, or --generate-key");
        }
        long shardSize = shards == null ? 0 : size(shards);
        char[] password = passwordFile == null ? null : password(passwordFile);
        try {
            SigningKey signing = generate == null ? SigningKey.read(key, password) : generated(generate, password);
            if (model != null) {
                sign(model, signer(signing).withShards(shardSize));
            }
        } finally {
            if (password != null) {
                Arrays.fill(password, '\0');
            }
        }
        return 0;
    }

    private SigningKey generated(SignatureAlgorithm algorithm, char @Nullable [] password) throws IOException {
        Path publicFile = key.resolveSibling(key.getFileName() + ".pub");
        for (Path file : List.of(key, publicFile)) {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new FileAlreadyExistsException(file + ": is there; a key is never overwritten");
            }
        }
        SigningKey made = SigningKey.generate(algorithm);
        made.write(key, password);
        Files.writeString(publicFile, made.verificationKey().pem(), StandardOpenOption.CREATE_NEW);
        if (!json || model == null) {
            print("key " + made.verificationKey() + ", public key in " + publicFile);
        }
        return made;
    }

    private ModelSigner signer(SigningKey signing) throws IOException {
        ModelSigner signer = chain == null
                ? ModelSigner.withKey(signing)
                : ModelSigner.withCertificates(signing, ModelSigner.readChain(chain));
        return signer.ignoring(Set.copyOf(ignored))
                .withSymlinks(followLinks ? SymlinkPolicy.FOLLOW_INSIDE : SymlinkPolicy.REFUSE);
    }

    private void sign(Path asked, ModelSigner signer) throws IOException {
        Path signature = out != null
                ? out
                : Files.isDirectory(asked)
                        ? asked.resolve("model.sig")
                        : asked.resolveSibling(asked.getFileName() + ".sig");
        SignedModel signed = signer.sign(asked, signature);
        if (json) {
            print(CanonicalJson.string(toJson(asked, signature, signed)));
            return;
        }
        print("signed " + asked + ": " + signed.files() + (signed.files() == 1 ? " file, " : " files, ")
                + signed.bytes() + " bytes, " + signed.rootDigest());
        print("by " + signed.signer());
        print("signature in " + signature);
        for (Finding note : signed.notes()) {
            print("    " + note.severity().name().toLowerCase(Locale.ROOT) + " " + note.code()
                    + (note.location().isEmpty() ? "" : " (" + note.location() + ")") + ": " + note.message());
        }
    }

    private static JsonValue toJson(Path asked, Path signature, SignedModel signed) {
        Map<String, JsonValue> members = new LinkedHashMap<>();
        members.put("path", text(asked.toString()));
        members.put("signature", text(signature.toString()));
        members.put("signer", text(signed.signer()));
        members.put("algorithm", text(signed.algorithm().title()));
        members.put("digest", text(signed.rootDigest()));
        members.put("files", JsonValue.of(signed.files()));
        members.put("bytes", JsonValue.of((double) signed.bytes()));
        List<JsonValue> notes = new ArrayList<>();
        for (Finding note : signed.notes()) {
            Map<String, JsonValue> item = new LinkedHashMap<>();
            item.put("code", text(note.code()));
            item.put("severity", text(note.severity().name()));
            item.put("location", text(note.location()));
            item.put("message", text(note.message()));
            notes.add(new JsonObject(item));
        }
        members.put("findings", new JsonArray(notes));
        return new JsonObject(members);
    }

    /** JSON has no lone surrogates; names of files may have. */
    private static JsonValue text(String text) {
        return JsonValue.of(new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    }

    private void print(String line) {
        streams.out().println(json ? line : line.replaceAll("\\p{Cntrl}+", " "));
        streams.out().flush();
    }

    private static long size(String text) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches() || Long.parseLong(size.group(1)) == 0) {
            throw new IllegalArgumentException(
                    "--shards must be a number of bytes >= 1, or one with k, M or G, was " + text);
        }
        long factor = switch (size.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 1_000;
            case "m" -> 1_000_000;
            case "g" -> 1_000_000_000;
            default -> 1;
        };
        try {
            return Math.multiplyExact(Long.parseLong(size.group(1)), factor);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("--shards must be <= 2^53, was " + text, e);
        }
    }

    private static char[] password(Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_PASSWORD + 1);
        }
        if (bytes.length > MAX_PASSWORD) {
            throw new IOException(file + ": a password must have <= " + MAX_PASSWORD + " bytes");
        }
        CharBuffer chars = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(bytes));
        int length = 0;
        while (length < chars.length() && chars.charAt(length) != '\n' && chars.charAt(length) != '\r') {
            length++;
        }
        if (length == 0) {
            throw new IOException(file + ": the first line must be a password, is empty");
        }
        char[] password = new char[length];
        chars.get(password);
        Arrays.fill(bytes, (byte) 0);
        if (chars.hasArray()) {
            Arrays.fill(chars.array(), '\0');
        }
        return password;
    }
}
