package dev.twofold;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** A package imports only from floors below its own. */
final class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.twofold");

    @Test
    void packages_import_only_from_floors_below() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.twofold..")
                .layer("6")
                .definedBy("dev.twofold.cli..")
                .layer("5")
                .definedBy("dev.twofold.pipeline..")
                .layer("4")
                .definedBy(
                        "dev.twofold.checkpoint..",
                        "dev.twofold.estimate..",
                        "dev.twofold.passes..",
                        "dev.twofold.onnx..",
                        "dev.twofold.ort..",
                        "dev.twofold.report..")
                .layer("3")
                .definedBy("dev.twofold.pass..")
                .layer("2")
                .definedBy("dev.twofold.decoder..")
                .layer("1")
                .definedBy("dev.twofold.weight..")
                .layer("0")
                .definedBy("dev.twofold.tensor..", "dev.twofold.diag..")
                .whereLayer("6")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("5")
                .mayOnlyBeAccessedByLayers("6")
                .whereLayer("4")
                .mayOnlyBeAccessedByLayers("5", "6")
                .whereLayer("3")
                .mayOnlyBeAccessedByLayers("4", "5", "6")
                .whereLayer("2")
                .mayOnlyBeAccessedByLayers("3", "4", "5", "6")
                .whereLayer("1")
                .mayOnlyBeAccessedByLayers("2", "3", "4", "5", "6")
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    @Test
    void packages_of_one_floor_do_not_import_one_another() {
        slices().matching("dev.twofold.(checkpoint|estimate|passes|onnx|ort|report)..")
                .should()
                .notDependOnEachOther()
                .check(CLASSES);
    }

    @Test
    void only_ort_imports_the_runtime() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.twofold.ort..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.onnxruntime..")
                .check(CLASSES);
    }

    @Test
    void only_the_command_line_prints_and_exits() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.twofold.cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .check(CLASSES);
    }

    @Test
    void no_class_has_a_vague_name() {
        classes()
                .that()
                .resideOutsideOfPackage("dev.twofold.onnx.proto..")
                .should()
                .haveNameNotMatching(".*(Util|Utils|Manager|Helper|Impl)$")
                .check(CLASSES);
    }
}
