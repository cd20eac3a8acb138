package dev.twofold.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.disk.FileFact;
import dev.twofold.disk.FileHash;
import dev.twofold.target.Part;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What a manifest says, in the words that other tools know: two in-toto statements, one a file, neither of them signed.
 *
 * <ul>
 *   <li>{@value #CONTENTS}: the files, as the OpenSSF Model Signing specification 1.0 (sections 5 and 6) has them signed.
 *       Its subject is the model, under a digest over the digests of all files.
 *   <li>{@value #ORIGIN}: how the same subject was built and of what, as SLSA Provenance 1.0 has it.
 * </ul>
 *
 * <p>They follow from the manifest and cover it, so that a signature of either holds for plan and source too; the
 * manifest does not name them. They have no time in them, and the model is called after its checkpoint: the same
 * conversion makes the same bytes, whatever its directory is called. In a sharded model, the directory of each rank is a
 * model with statements of its own.
 *
 * @param manifest what the statements are about
 * @param manifestHash SHA-256 of {@code twofold.json} itself
 * @see <a href="https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md">in-toto Statement v1</a>
 * @see <a href="https://github.com/ossf/model-signing-spec">OpenSSF Model Signing</a>
 * @see <a href="https://slsa.dev/spec/v1.0/provenance">SLSA Provenance</a>
 */
record Provenance(Manifest manifest, String manifestHash) {

    static final String CONTENTS = "model-signing.intoto.json";
    static final String ORIGIN = "slsa-provenance.intoto.json";
    static final List<String> NAMES = List.of(CONTENTS, ORIGIN);

    private static final String STATEMENT = "https://in-toto.io/Statement/v1";
    private static final String MODEL_SIGNING = "https://model_signing/signature/v1.0";
    private static final String SLSA = "https://slsa.dev/provenance/v1";
    /** Types and builders are named by URIs; Twofold has no other than its package URL. */
    private static final String BUILDER = "pkg:maven/dev.twofold/twofold";

    private static final String BUILD_TYPE = BUILDER + "#convert";
    private static final String SHA256 = "sha256";

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Each statement under the name of its file. */
    SortedMap<String, byte[]> statements() {
        SortedMap<String, byte[]> statements = new TreeMap<>();
        statements.put(CONTENTS, bytes(statement(MODEL_SIGNING, contents())));
        statements.put(ORIGIN, bytes(statement(SLSA, origin())));
        return statements;
    }

    private ObjectNode statement(String predicateType, ObjectNode predicate) {
        ObjectNode statement = MAPPER.createObjectNode().put("_type", STATEMENT);
        ObjectNode subject = statement.putArray("subject").addObject();
        subject.put("name", manifest.source().name());
        subject.putObject("digest").put(SHA256, rootDigest());
        statement.put("predicateType", predicateType);
        statement.set("predicate", predicate);
        return statement;
    }

    /** SHA-256 over the digests of all files, as bytes, in the order of their names. */
    private String rootDigest() {
        return FileHash.sha256(HexFormat.of().parseHex(String.join("", hashes().values())));
    }

    /** Every file that the statements cover. */
    private SortedMap<String, String> hashes() {
        SortedMap<String, String> hashes = new TreeMap<>();
        manifest.files().forEach((name, fact) -> hashes.put(name, fact.sha256()));
        hashes.put(Manifest.NAME, manifestHash);
        return hashes;
    }

    private ObjectNode contents() {
        ObjectNode predicate = MAPPER.createObjectNode();
        ObjectNode serialization = predicate.putObject("serialization");
        serialization.put("method", "files").put("hash_type", SHA256).put("allow_symlinks", false);
        ArrayNode ignored = serialization.putArray("ignore_paths").add(CONTENTS).add(ORIGIN);
        if (manifest.sharding().isAbove()) {
            IntStream.range(0, manifest.sharding().devices())
                    .mapToObj(Part::rankDirectory)
                    .forEach(ignored::add);
        }
        ArrayNode resources = predicate.putArray("resources");
        hashes().forEach((name, hash) ->
                resources.addObject().put("name", name).put("algorithm", SHA256).put("digest", hash));
        return predicate;
    }

    private ObjectNode origin() {
        ObjectNode predicate = MAPPER.createObjectNode();
        ObjectNode build = predicate.putObject("buildDefinition").put("buildType", BUILD_TYPE);
        ObjectNode parameters = build.putObject("externalParameters");
        parameters.putArray("plan").addAll(manifest.plan());
        parameters.set("emission", MAPPER.valueToTree(manifest.emission()));
        parameters.set("sharding", MAPPER.valueToTree(manifest.sharding()));
        ArrayNode materials = build.putArray("resolvedDependencies");
        manifest.source().files().forEach((name, fact) -> material(materials.addObject(), name, fact));
        ObjectNode builder = predicate.putObject("runDetails").putObject("builder");
        ObjectNode version = builder.put("id", BUILDER).putObject("version");
        version.put("twofold", manifest.twofold());
        manifest.libraries().forEach(version::put);
        return predicate;
    }

    private void material(ObjectNode material, String name, FileFact fact) {
        material.put("name", manifest.source().name() + "/" + name);
        material.putObject("digest").put(SHA256, fact.sha256());
    }

    private static byte[] bytes(ObjectNode statement) {
        try {
            return (MAPPER.writeValueAsString(statement) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a statement that is no JSON", e);
        }
    }
}
