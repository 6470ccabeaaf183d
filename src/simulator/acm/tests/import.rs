//! Certificates that are brought along.

use serde_json::json;

use super::{acm, certificate, refused, requested};
use crate::acm::covers;
use crate::acm::encoding::encode;
use crate::acm::samples::{ELLIPTIC, FULL, KEY, NAMELESS, RSA, RUN_OUT};
use crate::testing::account;
use crate::testing_rest::here;

#[tokio::test]
async fn certificates_can_be_imported() {
    let simulator = account();
    let import = |body: &str, key: &str| json!({"Certificate": encode(body.as_bytes()), "PrivateKey": encode(key.as_bytes())});
    for (body, key) in [
        ("x", KEY),
        (ELLIPTIC, "x"),
        (RUN_OUT, KEY),
        (
            ELLIPTIC,
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
        ),
    ] {
        refused(
            &simulator,
            "ImportCertificate",
            import(body, key),
            "ValidationException",
        )
        .await;
    }
    let made = acm(&simulator, "ImportCertificate", import(ELLIPTIC, KEY))
        .await
        .unwrap();
    let arn = made["CertificateArn"].as_str().unwrap();
    let found = certificate(&simulator, arn).await;
    assert_eq!(
        (&found["Status"], &found["Type"]),
        (&json!("ISSUED"), &json!("IMPORTED"))
    );
    assert_eq!(
        found["SubjectAlternativeNames"],
        json!(["orders.example.com", "*.Example.com"]),
        "as they are written"
    );
    assert_eq!(found["DomainName"], "other.example.com", "the common name");
    assert_eq!(found["Issuer"], "other.example.com");
    assert_eq!(found["SignatureAlgorithm"], "SHA256WITHECDSA");
    assert_eq!(found["Options"]["Export"], "DISABLED");
    let covered = |host: &str| here(&simulator, |ctx| covers(ctx, arn, host));
    assert!(covered("A.example.com") && !covered("a.b.example.com"));
    let again = |body: &str| {
        let mut again = import(body, KEY);
        again["CertificateArn"] = json!(arn);
        again
    };
    refused(
        &simulator,
        "ImportCertificate",
        again(RSA),
        "ValidationException",
    )
    .await;
    acm(&simulator, "ImportCertificate", again(ELLIPTIC))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_imported_certificate_is_shown_as_it_says_itself() {
    let simulator = account();
    let import = async |body: &str| {
        let body =
            json!({"Certificate": encode(body.as_bytes()), "PrivateKey": encode(KEY.as_bytes())});
        let made = acm(&simulator, "ImportCertificate", body).await.unwrap();
        let arn = made["CertificateArn"].as_str().unwrap().to_owned();
        (certificate(&simulator, &arn).await, arn)
    };
    let (full, arn) = import(FULL).await;
    assert_eq!(
        full["Subject"],
        "C=AU,ST=Some-State,L=Some-Locality,O=Example Org,OU=Testing,CN=full.example.com"
    );
    assert_eq!(full["Issuer"], "Example Org");
    assert_eq!(full["Serial"], "03:e9");
    assert_eq!(
        full["KeyUsages"],
        json!([{"Name": "DIGITAL_SIGNATURE"}, {"Name": "NON_REPUDIATION"}, {"Name": "KEY_ENCIPHERMENT"}])
    );
    assert_eq!(
        full["ExtendedKeyUsages"],
        json!([
            {"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"},
            {"Name": "CUSTOM", "OID": "1.2.3.4.5"},
        ])
    );
    assert_eq!(
        full["DomainValidationOptions"],
        json!([{"DomainName": "full.example.com"}, {"DomainName": "Other.Example.com"}])
    );
    // What it was for it must stay for.
    let less = json!({"CertificateArn": arn, "Certificate": encode(NAMELESS.as_bytes()), "PrivateKey": encode(KEY.as_bytes())});
    refused(&simulator, "ImportCertificate", less, "ValidationException").await;
    let (nameless, _) = import(NAMELESS).await;
    assert_eq!(nameless["DomainName"], "nameless.example.com");
    assert_eq!(nameless["Serial"], "80:ff");
    let kinds = json!({"Includes": {"keyTypes": ["EC_prime256v1"]}});
    let all = acm(&simulator, "ListCertificates", kinds).await.unwrap();
    let names = all["CertificateSummaryList"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|one| one["DomainName"].clone()).collect();
    assert!(names.contains(&json!("full.example.com")), "{names:?}");
}

#[tokio::test]
async fn only_small_rsa_is_listed_unless_asked() {
    let simulator = account();
    let import =
        json!({"Certificate": encode(ELLIPTIC.as_bytes()), "PrivateKey": encode(KEY.as_bytes())});
    acm(&simulator, "ImportCertificate", import).await.unwrap();
    let arn = requested(&simulator).await;
    let all = acm(&simulator, "ListCertificates", json!({}))
        .await
        .unwrap();
    assert_eq!(all["CertificateSummaryList"].as_array().unwrap().len(), 1);
    assert_eq!(
        all["CertificateSummaryList"][0]["CertificateArn"],
        json!(arn)
    );
    let kinds =
        json!({"Includes": {"keyTypes": ["EC_prime256v1"]}, "CertificateStatuses": ["ISSUED"]});
    let all = acm(&simulator, "ListCertificates", kinds).await.unwrap();
    assert_eq!(all["CertificateSummaryList"][0]["Type"], "IMPORTED");
}
