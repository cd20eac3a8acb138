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
                .layer("7")
                .definedBy("dev.twofold.cli..")
                .layer("6")
                .definedBy("dev.twofold.pipeline..", "dev.twofold.inspection..", "dev.twofold.recipe..")
                .layer("5")
                .definedBy(
                        "dev.twofold.source.*..",
                        "dev.twofold.target.*..",
                        "dev.twofold.passes..",
                        "dev.twofold.ort..",
                        "dev.twofold.report..",
                        "dev.twofold.estimate..")
                .layer("4")
                .definedBy(
                        "dev.twofold.graph..",
                        "dev.twofold.gguf..",
                        "dev.twofold.shard..",
                        "dev.twofold.source",
                        "dev.twofold.target")
                .layer("3")
                .definedBy(
                        "dev.twofold.pass..",
                        "dev.twofold.execution..",
                        "dev.twofold.measure..",
                        "dev.twofold.stepwise..",
                        "dev.twofold.layers..",
                        "dev.twofold.family..",
                        "dev.twofold.checkpoint..")
                .layer("2")
                .definedBy("dev.twofold.decoder..")
                .layer("1")
                .definedBy(
                        "dev.twofold.weight..", "dev.twofold.tokenizer..", "dev.twofold.parse..", "dev.twofold.disk..")
                .layer("0")
                .definedBy("dev.twofold.tensor..", "dev.twofold.diag..")
                .whereLayer("7")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("6")
                .mayOnlyBeAccessedByLayers("7")
                .whereLayer("5")
                .mayOnlyBeAccessedByLayers("6", "7")
                .whereLayer("4")
                .mayOnlyBeAccessedByLayers("5", "6", "7")
                .whereLayer("3")
                .mayOnlyBeAccessedByLayers("4", "5", "6", "7")
                .whereLayer("2")
                .mayOnlyBeAccessedByLayers("3", "4", "5", "6", "7")
                .whereLayer("1")
                .mayOnlyBeAccessedByLayers("2", "3", "4", "5", "6", "7")
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    /** A source, a target, a kind of passes: each is a room of its own. */
    @Test
    void rooms_of_floor_5_do_not_import_one_another() {
        slices().matching("dev.twofold.(source.*|target.*|passes|ort|report|estimate)..")
                .should()
                .notDependOnEachOther()
                .check(CLASSES);
    }

    @Test
    void no_package_depends_on_itself_through_others() {
        slices().matching("dev.twofold.(**)").should().beFreeOfCycles().check(CLASSES);
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
                .resideOutsideOfPackage("dev.twofold.graph.proto..")
                .should()
                .haveNameNotMatching(".*(Util|Utils|Manager|Helper|Impl)$")
                .check(CLASSES);
    }
}
