package dev.twofold;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No file is about too much at once. */
final class FanOutTest {

    private static final int MOST_CLASSES = 25;
    private static final int MOST_LINES = 400;
    private static final Pattern CODE = Pattern.compile(".*\\.(java|py|sh|mjs)");

    @Test
    void a_file_uses_at_most_25_others_of_the_project() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (JavaClass each : new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.twofold")) {
            Set<String> used = uses.computeIfAbsent(file(each), name -> new TreeSet<>());
            each.getDirectDependenciesFromSelf().stream()
                    .map(Dependency::getTargetClass)
                    .map(FanOutTest::component)
                    .filter(target -> target.getPackageName().startsWith("dev.twofold"))
                    .filter(target -> !target.getPackageName().endsWith(".proto"))
                    .map(FanOutTest::file)
                    .filter(name -> !name.equals(file(each)))
                    .forEach(used::add);
        }
        uses.entrySet().removeIf(entry -> entry.getValue().size() <= MOST_CLASSES);
        assertThat(uses).isEmpty();
    }

    private static JavaClass component(JavaClass target) {
        return target.isArray() ? target.getBaseComponentType() : target;
    }

    /** The outermost class, which is the file. */
    private static String file(JavaClass each) {
        String name = each.getName();
        int inner = name.indexOf('$');
        return inner < 0 ? name : name.substring(0, inner);
    }

    @Test
    void a_file_has_at_most_400_lines() throws IOException {
        Map<Path, Long> lengths = new TreeMap<>();
        for (String root : List.of("src", "tools")) {
            try (Stream<Path> files = Files.walk(Path.of(root))) {
                for (Path file : files.filter(FanOutTest::isCode).toList()) {
                    try (Stream<String> lines = Files.lines(file)) {
                        lengths.put(file, lines.count());
                    }
                }
            }
        }
        assertThat(lengths).containsKeys(Path.of("tools/synthetic/Shape.java"), Path.of("tools/kill-test.sh"));
        // A checkpoint brings its modelling code in one file, that whoever trusts it can read from top to bottom.
        lengths.remove(Path.of("src/main/resources/dev/twofold/target/transformers/modeling_twofold.py"));
        lengths.values().removeIf(count -> count <= MOST_LINES);
        assertThat(lengths).isEmpty();
    }

    /** What npm and pip install is not ours. */
    private static boolean isCode(Path path) {
        return CODE.matcher(path.getFileName().toString()).matches()
                && !path.toString().matches(".*/(node_modules|venv)/.*");
    }
}
