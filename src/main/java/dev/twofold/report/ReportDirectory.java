package dev.twofold.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** A directory with the report of an inspection, and the measurements that it was made of. */
public final class ReportDirectory {

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String DOCUMENT = "report.json";
    private static final String PAGE = "report.html";

    private final Path directory;

    private ReportDirectory(Path directory) {
        this.directory = directory;
    }

    /**
     * Checks that a report can be written; makes nothing yet.
     *
     * @param input a directory that the report may not lie in
     * @throws TwofoldException of kind INPUT if there is something else, or the place is inside the input
     */
    public static ReportDirectory open(Path directory, Path input) {
        if (canonical(directory).startsWith(canonical(input))) {
            throw TwofoldException.input("the report lies inside the checkpoint")
                    .at(Origin.file(directory))
                    .found("checkpoint " + input)
                    .hint("choose a directory outside the checkpoint");
        }
        Path place = existing(directory);
        if (!Files.isDirectory(place)) {
            throw TwofoldException.input("the output exists and is not a directory")
                    .at(Origin.file(place));
        }
        ReportDirectory report = new ReportDirectory(directory);
        if (!report.isOurs()) {
            throw TwofoldException.input("the output directory holds something else")
                    .at(Origin.file(directory))
                    .expected("no such directory, an empty one, or one with an earlier report")
                    .hint("choose another name");
        }
        return report;
    }

    private boolean isOurs() {
        if (!Files.exists(directory) || isReport(directory.resolve(DOCUMENT)) || Files.exists(measurements())) {
            return true;
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.allMatch(entry -> WholeFile.isPart(entry, PAGE) || WholeFile.isPart(entry, DOCUMENT));
        } catch (IOException e) {
            throw unwritable(directory, e);
        }
    }

    private static boolean isReport(Path file) {
        try {
            return Files.isRegularFile(file) && MAPPER.readTree(file.toFile()).has("twofold");
        } catch (IOException e) {
            return false;
        }
    }

    private static Path canonical(Path path) {
        try {
            return existing(path).toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    /** The path, or the nearest of its parents that exists. */
    private static Path existing(Path path) {
        Path existing = path.toAbsolutePath().normalize();
        while (existing.getParent() != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing;
    }

    /** Where measurements are kept. */
    public Path measurements() {
        return directory.resolve("measurements");
    }

    /** The page for people. */
    public Path page() {
        return directory.resolve(PAGE);
    }

    /** Writes both forms of the report, in place of earlier ones. */
    public void write(JsonNode document) {
        try {
            WholeFile.write(page(), HtmlReport.render(document));
            WholeFile.write(directory.resolve(DOCUMENT), MAPPER.writeValueAsString(document) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a report that is no JSON", e);
        } catch (IOException e) {
            throw unwritable(directory, e);
        }
    }

    private static TwofoldException unwritable(Path path, IOException e) {
        return TwofoldException.environment("cannot write the report")
                .at(Origin.file(path))
                .found(e)
                .hint("check that you may write there, and that the disk has room")
                .cause(e);
    }
}
