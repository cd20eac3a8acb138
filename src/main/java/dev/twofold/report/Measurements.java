package dev.twofold.report;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.FileHash;
import dev.twofold.disk.WholeFile;
import dev.twofold.measure.LayerFindings;
import dev.twofold.measure.PlanScore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was measured of a checkpoint on a text, kept so that it is not measured again.
 *
 * @param subject checkpoint, text and options, by name
 * @param plans scores by the groups of the plan, as {@code --pairs} spells them; "" is the original
 * @param layers null until somebody asked for it
 */
public record Measurements(
        SortedMap<String, String> subject,
        SortedMap<String, PlanScore> plans,
        @Nullable LayerFindings layers) {

    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    public Measurements {
        // Both fail on null, which a file by others may hold.
        subject = new TreeMap<>(subject);
        plans = new TreeMap<>(plans);
    }

    /** Nothing measured yet. */
    public static Measurements none(SortedMap<String, String> subject) {
        return new Measurements(subject, new TreeMap<>(), null);
    }

    /** The name of the file that holds measurements of a subject. */
    public static String fileName(SortedMap<String, String> subject) {
        String text = String.join(
                "\n", subject.entrySet().stream().map(String::valueOf).toList());
        return FileHash.sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, 32) + ".json";
    }

    /** The measurements in a file; empty if there are none, or the file is not one that {@link #write} made. */
    public static Optional<Measurements> read(Path file, SortedMap<String, String> subject) {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(MAPPER.readValue(file.toFile(), Measurements.class))
                    .filter(found -> subject.equals(found.subject()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Writes a file, whole or not at all. */
    public void write(Path file) {
        try {
            WholeFile.write(file, MAPPER.writeValueAsString(this) + "\n");
        } catch (IOException e) {
            throw TwofoldException.environment("cannot keep the measurements")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
    }
}
